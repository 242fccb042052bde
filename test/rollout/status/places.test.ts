import { describe, expect, it } from 'vitest';
import { APPROVAL_MARKERS } from '../../../agent/names.ts';
import { decideRollout } from '../../../agent/rollout/decide.ts';
import type { FleetNode, RolloutDecision } from '../../../agent/rollout/fleet.ts';
import { isHeldUp, nextPlaceAt, placesText } from '../../../agent/rollout/status/places.ts';
import { estimatedEnd } from '../../../agent/rollout/status/progress.ts';
import {
  approved,
  CONTROL_PLANE,
  done,
  failed,
  many,
  NEW,
  NOW,
  notReady,
  policyWith,
  secondsAgo,
  waiting,
  working,
} from '../fleets.ts';

const ONE = { maxUnavailable: '1', canary: '0' };

function decide(nodes: readonly FleetNode[], data: Readonly<Record<string, string>> = ONE): RolloutDecision {
  return decideRollout(nodes, { policy: policyWith(data), errors: [] }, NOW);
}

const time = (seconds: number): string => `${secondsAgo(seconds).toISOString().slice(0, 19)}Z`;

describe('the places of maxUnavailable', () => {
  it.each<[string, FleetNode, string]>([
    [
      'is not Ready',
      done('a', notReady(90)),
      `a (not Ready since ${time(90)}; until it is Ready, at the latest ${time(90 - 600)})`,
    ],
    [
      'became not Ready right after its change, and will have failed',
      done('a', {
        ...notReady(90),
        approvedAt: secondsAgo(120),
        lastChange: secondsAgo(100),
        approvedRevision: NEW,
      }),
      `a (not Ready since ${time(90)}; until it is Ready)`,
    ],
    ['is at work', working('a', { approvedAt: secondsAgo(5) }), `a (being changed since ${time(5)})`],
    [
      'was approved and has not begun',
      approved('a', { approvedAt: secondsAgo(30) }),
      `a (approved since ${time(30)}; until its change is done; if it does not begin, until ${time(30 - 600)})`,
    ],
  ])('name a node that %s, why, and what ends it', (_, node, text) => {
    const decision = decide([node, waiting('b')]);
    expect(placesText(decision)).toBe(`1 of 1 taken: ${text}`);
  });

  it('name a node whose change failed, while the rollout continues', () => {
    const decision = decide([failed('a'), waiting('b')], { ...ONE, failureThreshold: '2' });
    expect(placesText(decision)).toBe('1 of 1 taken: a (its change failed; until it succeeds)');
  });

  it('are taken by no node that is blocked, cordoned, paused, lost, or done and Ready', () => {
    const nodes = [
      waiting('a', { state: 'Blocked' }),
      waiting('b', { paused: true }),
      done('c', notReady(601)),
      done('d'),
      waiting('e', { state: undefined }),
      waiting('f', { approvedRevision: APPROVAL_MARKERS.unanswered, approvedAt: secondsAgo(60) }),
    ];
    expect(decide(nodes).holders).toEqual([]);
  });

  it('are free as soon as a node that was being changed is deleted', () => {
    const other = waiting('b');
    expect(decide([working('a'), other]).approvals).toEqual([]);
    expect(decide([other]).approvals).toEqual([{ node: 'b', revision: NEW }]);
  });

  it('name three nodes, those first that are not simply being changed', () => {
    const nodes = [...many(4, (name) => working(`w${name}`)), done('x', notReady(60)), waiting('y')];
    const text = placesText(decide(nodes, { ...ONE, maxUnavailable: '5' }));
    expect(text).toMatch(/^5 of 5 taken: x \(not Ready .* and 2 more$/u);
  });
});

describe('the reason of a rollout in which no node is approved', () => {
  it('names who takes the only place, also while the canary waits', () => {
    for (const canary of ['0', '1']) {
      const holder = waiting('c', { ...notReady(60), state: 'Blocked' });
      const { reason } = decide([waiting('a'), waiting('b'), holder], { ...ONE, canary });
      expect(reason).toContain(
        `No approval now: the places of maxUnavailable are 1 of 1 taken: c (not Ready`,
      );
    }
  });

  it('names the changed canary that is not Ready, and so does not soak', () => {
    const { phase, reason } = decide([waiting('a'), waiting('b'), done('c', notReady(60))], { canary: '1' });
    expect([phase, reason]).toEqual(['Soaking', expect.stringMatching(/1 of 1 taken: c \(not Ready since/u)]);
  });

  it('names the control-plane node for which the other ones wait', () => {
    const labels = CONTROL_PLANE;
    const nodes = [done('a', { labels, ...notReady(60) }), waiting('b', { labels }), done('c'), done('d')];
    expect(decide(nodes, { ...ONE, maxUnavailable: '3' }).reason).toMatch(
      /control-plane nodes change one at a time; places of maxUnavailable: 1 of 3 taken: a \(not Ready/u,
    );
  });

  it('names the canary that pods block, and what to do', () => {
    const labels = { pool: 'canary' };
    const nodes = [waiting('a', { labels, state: 'Blocked', reason: 'Pod x uses it.' }), waiting('b')];
    const { phase, reason } = decide(nodes, { maxUnavailable: '1', canary: 'pool=canary' });
    expect([phase, reason]).toEqual([
      'Canary',
      'The canaries go first: a. None of them can be changed now, and the others wait for one: a: Blocked: Pod x uses it. ' +
        'Correct that, or set canary to other labels or a number (0: no canaries).',
    ]);
  });
});

describe('a rollout that is held up', () => {
  it('is one in which every place is taken, and by no change of a usual duration', () => {
    const at = NOW.getTime();
    expect(isHeldUp(decide([done('a', notReady(60)), waiting('b')]), at)).toBe(true);
    expect(isHeldUp(decide([working('a', { approvedAt: secondsAgo(20) }), waiting('b')]), at)).toBe(false);
    expect(isHeldUp(decide([working('a', { approvedAt: secondsAgo(300) }), waiting('b')]), at)).toBe(true);
    expect(isHeldUp(decide([waiting('b')]), at)).toBe(false);
    expect(isHeldUp(decide([done('b')]), at)).toBe(false);
  });

  it('is expected to end a change after the place is free, and not earlier', () => {
    const nodes = [done('a', notReady(60)), waiting('b')];
    const end = estimatedEnd(decide(nodes), nodes, policyWith(ONE).settings.pace, NOW);
    // Its own change took 100 s.
    expect((end?.getTime() ?? 0) - NOW.getTime()).toBe((600 - 60 + 100) * 1000);
  });

  it('has no expected end while it is not known when a place will be free', () => {
    const nodes = [failed('a'), waiting('b')];
    const policy = { ...ONE, failureThreshold: '2' };
    const decision = decide(nodes, policy);
    expect(nextPlaceAt(decision, NOW.getTime())).toBeUndefined();
    expect(estimatedEnd(decision, nodes, policyWith(policy).settings.pace, NOW)).toBeUndefined();
  });
});
