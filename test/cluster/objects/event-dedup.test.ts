import { describe, expect, it } from 'vitest';
import { noteMemory } from '../../../agent/cluster/objects/event-dedup.ts';

describe('noteMemory', () => {
  it('claims the same key again only after it has expired', () => {
    let now = 0;
    const memory = noteMemory(10, 100, () => now);
    expect([memory.claim('a'), memory.claim('a'), memory.claim('b')]).toEqual([true, false, true]);
    now = 99;
    expect(memory.claim('a')).toBe(false);
    now = 100;
    expect(memory.claim('a')).toBe(true);
  });

  it('claims a key again after it was released', () => {
    const memory = noteMemory(10, 100, () => 0);
    memory.claim('a');
    memory.release('a');
    expect(memory.claim('a')).toBe(true);
  });

  it('claims no new key when it is full, until one expires', () => {
    let now = 0;
    const memory = noteMemory(2, 100, () => now);
    memory.claim('a');
    now = 50;
    memory.claim('b');
    expect(memory.claim('c')).toBe(false);
    now = 100;
    expect([memory.claim('c'), memory.claim('d')]).toEqual([true, false]);
  });
});
