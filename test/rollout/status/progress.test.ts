import { describe, expect, it } from 'vitest';
import { decideRollout } from '../../../agent/rollout/decide.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { countsOf, estimatedEnd } from '../../../agent/rollout/status/progress.ts';
import {
  CONTROL_PLANE,
  done,
  failed,
  many,
  NOW,
  policyWith,
  secondsAgo,
  waiting,
  working,
} from '../fleets.ts';

describe('countsOf', () => {
  it('counts the nodes of each status', () => {
    const nodes = [
      ...many(3, done),
      working('a'),
      waiting('b'),
      waiting('c'),
      failed('d'),
      waiting('e', { paused: true }),
      waiting('f', { state: undefined }),
    ];
    expect(countsOf(decideRollout(nodes, { policy: policyWith(), errors: [] }, NOW))).toEqual({
      done: 3,
      changing: 1,
      waiting: 2,
      failed: 1,
      held: 1,
      lost: 1,
    });
  });
});

describe('estimatedEnd', () => {
  const TOOK_20_S = { approvedAt: secondsAgo(3620), lastChange: secondsAgo(3600) };

  it('estimates the remaining waves at the median duration of past changes', () => {
    const nodes = [...many(3, (name) => done(`d${name}`, TOOK_20_S)), ...many(7, waiting)];
    expect(secondsLeft(nodes, { maxUnavailable: '2' })).toBe(4 * 20);
  });

  it('assumes 30 s per change before the first one', () => {
    expect(secondsLeft(many(4, waiting), { maxUnavailable: '2', canary: '0' })).toBe(2 * 30);
  });

  it('estimates control-plane nodes one after the other', () => {
    const leaders = many(3, (name) => waiting(name, { labels: CONTROL_PLANE }));
    expect(secondsLeft([done('x', TOOK_20_S), ...leaders], { maxUnavailable: '100%' })).toBe(3 * 20);
  });

  it('estimates the canaries and their soak before the other nodes', () => {
    const policy = { maxUnavailable: '10', soakSeconds: '100' };
    expect(secondsLeft(many(5, waiting), policy)).toBe(30 + 100 + 30);
    const changed = done('a', { approvedAt: secondsAgo(60), lastChange: secondsAgo(40) });
    expect(secondsLeft([changed, ...many(5, waiting)], policy)).toBe(60 + 20);
  });

  it.each<[string, readonly FleetNode[], Record<string, string>]>([
    ['is done', [done('a')], {}],
    ['is paused', [waiting('a')], { paused: 'true' }],
    ['is halted', [failed('a'), waiting('b')], {}],
    ['waits for a window', [waiting('a')], { windows: 'Sun 01:00-02:00 UTC' }],
    ['waits only for a failed node', [failed('a'), done('b')], { failureThreshold: '2' }],
  ])('returns no end while a rollout %s', (_, nodes, data) => {
    expect(secondsLeft(nodes, data)).toBeUndefined();
  });
});

function secondsLeft(nodes: readonly FleetNode[], data: Record<string, string>): number | undefined {
  const policy = policyWith(data);
  const decision = decideRollout(nodes, { policy, errors: [] }, NOW);
  const end = estimatedEnd(decision, nodes, policy.settings.pace, NOW);
  return end && (end.getTime() - NOW.getTime()) / 1000;
}
