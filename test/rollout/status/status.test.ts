import { describe, expect, it } from 'vitest';
import { statusData, toldIn } from '../../../agent/rollout/status/status.ts';
import { decision, verdict } from '../decisions.ts';

const TOLD = {
  rollout: 'one',
  started: true,
  canary: true,
  canaryPassed: false,
  halted: false,
  done: false,
};

describe('the status', () => {
  it('contains the progress of the rollout and the nodes that need attention, failed ones first', () => {
    const nodes = [
      verdict('a', 'done'),
      verdict('b', 'held', 'Pod x uses\nkernel.sem.'),
      verdict('c', 'failed', 'Rolled back.'),
      verdict('d', 'changing'),
    ];
    const nextWakeup = new Date('2026-11-24T10:00:00Z');
    const data = statusData(decision({ nodes, maxUnavailable: 2, nextWakeup }), TOLD);
    expect(data).toMatchObject({
      phase: 'Rolling',
      reason: 'Because.',
      progress: '1/4 done, 1 changing, 1 failed, 1 held',
      attention: 'c: Rolled back.\nb: Pod x uses kernel.sem.',
    });
    expect(JSON.parse(data['status.json'] ?? '')).toEqual({
      phase: 'Rolling',
      reason: 'Because.',
      nodes: 4,
      done: 1,
      changing: 1,
      waiting: 0,
      failed: 1,
      held: 1,
      lost: 0,
      unavailable: 0,
      maxUnavailable: 2,
      holders: [],
      nextWakeup: '2026-11-24T10:00:00.000Z',
      told: TOLD,
    });
  });

  it('names fifty nodes at most, and stays far below the limit of a ConfigMap', () => {
    const nodes = Array.from({ length: 5000 }, (_, index) => verdict(`n${index}`, 'lost', 'x'.repeat(9000)));
    const data = statusData(decision({ nodes }), undefined);
    const lines = data['attention']?.split('\n') ?? [];
    expect(lines.length).toBe(51);
    expect(lines.at(-1)).toBe('and 4950 more');
    expect(JSON.stringify(data).length).toBeLessThan(100_000);
  });

  it('returns the posted Events to the next coordinator, and undefined from an invalid status', () => {
    expect(toldIn(statusData(decision(), TOLD))).toEqual(TOLD);
    expect(toldIn(statusData(decision(), undefined))).toBeUndefined();
    expect(toldIn({})).toBeUndefined();
    expect(toldIn({ 'status.json': '{"told":{"rollout":7}}' })).toBeUndefined();
  });
});
