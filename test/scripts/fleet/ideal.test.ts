import { describe, expect, it } from 'vitest';
import { idealMs, slotsOf } from '../../../scripts/fleet/ideal.ts';

const PLAN = { nodes: 100, slots: 10, canaries: 1, soakMs: 60_000, nodeMs: 1000 };

describe('the ideal time of a rollout', () => {
  it('is the canary, its soak, and the waves of the other nodes', () => {
    expect(idealMs(PLAN)).toBe(1000 + 60_000 + 10 * 1000);
    expect(idealMs({ ...PLAN, nodes: 101 })).toBe(1000 + 60_000 + 10 * 1000);
    expect(idealMs({ ...PLAN, nodes: 102 })).toBe(1000 + 60_000 + 11 * 1000);
  });

  it('has no soak without a canary', () => {
    expect(idealMs({ ...PLAN, canaries: 0 })).toBe(10 * 1000);
  });

  it('is the sum of all nodes with one slot', () => {
    expect(idealMs({ ...PLAN, canaries: 0, slots: 1 })).toBe(100 * 1000);
  });

  it('has no wave when all nodes are canaries', () => {
    expect(idealMs({ ...PLAN, nodes: 3, canaries: 5 })).toBe(1000 + 60_000);
  });
});

describe('the slots of a percentage', () => {
  it('are rounded down, and at least one', () => {
    expect([5, 19, 100, 5000].map((nodes) => slotsOf(nodes, 10))).toEqual([1, 1, 10, 500]);
  });
});
