import { describe, expect, it } from 'vitest';
import { createPool } from '../../../agent/cluster/objects/pool.ts';

describe('a pool of strings', () => {
  it('returns equal strings, also once it was full', () => {
    const pooled = createPool(2);
    const texts = ['a', 'b', 'c', 'a', 'b'];
    expect(texts.map(pooled)).toEqual(texts);
  });
});
