import { describe, expect, it } from 'vitest';
import { noteMemory } from '../../../agent/cluster/objects/event-dedup.ts';

describe('noteMemory', () => {
  it('lets the same thing be said again only when it is old enough', () => {
    let now = 0;
    const memory = noteMemory(10, 100, () => now);
    expect([memory.claim('a'), memory.claim('a'), memory.claim('b')]).toEqual([true, false, true]);
    now = 99;
    expect(memory.claim('a')).toBe(false);
    now = 100;
    expect(memory.claim('a')).toBe(true);
  });

  it('lets it be said again when saying it failed', () => {
    const memory = noteMemory(10, 100, () => 0);
    memory.claim('a');
    memory.release('a');
    expect(memory.claim('a')).toBe(true);
  });

  it('says nothing more when it is full, until something is old enough', () => {
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
