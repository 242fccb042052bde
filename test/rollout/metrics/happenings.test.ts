import { describe, expect, it } from 'vitest';
import { happeningsBetween } from '../../../agent/rollout/metrics/happenings.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { approved, done, failed, NEW, NOW, OLD, secondsAgo, valid, waiting } from '../fleets.ts';
import { pictureOf } from './pictures.ts';

const between = (before: readonly FleetNode[], after: readonly FleetNode[], policy = valid()) =>
  happeningsBetween(pictureOf(before, policy), pictureOf(after, policy));

describe('happeningsBetween', () => {
  it('finds an approval', () => {
    expect(between([waiting('a')], [approved('a')])).toEqual([{ kind: 'approved' }]);
  });

  it.each([
    ['finds an approval that was revoked', undefined, 'revoked'],
    ['finds an approval that was not used in time', 'unanswered', 'unanswered'],
    ['finds an approval on a prediction that was not used in time', 'unread', 'unread'],
    ['finds an approval that an edit overtook', 'unfinished', 'unfinished'],
  ])('%s', (_title, approvedRevision, reason) => {
    expect(between([approved('a')], [approved('a', { approvedRevision })])).toEqual([
      { kind: 'withdrawn', reason },
    ]);
  });

  it('counts a marker that is removed as no withdrawal', () => {
    const marked = waiting('a', { approvedRevision: 'unanswered', approvedAt: NOW });
    expect(between([marked], [waiting('a', { approvedRevision: undefined })])).toEqual([]);
  });

  it('finds a change that is done, with its time from the approval', () => {
    const before = approved('a', { approvedAt: secondsAgo(12) });
    const after = done('a', { approvedAt: secondsAgo(12), lastChange: secondsAgo(2) });
    expect(between([before], [after])).toEqual([{ kind: 'done', seconds: 10 }]);
  });

  it.each([
    ['gives no time for drift that was fixed long after the approval', { approvedAt: secondsAgo(9000) }],
    ['gives no time for a change that ended before its approval', { approvedAt: NOW }],
    [
      'gives no time for a change without an approval',
      { approvedRevision: undefined, approvedAt: undefined },
    ],
  ])('%s', (_title, more) => {
    const before = done('a', more);
    expect(between([before], [{ ...before, lastChange: secondsAgo(2) }])).toEqual([
      { kind: 'done', seconds: undefined },
    ]);
  });

  it('counts a failure once, although the agent fails again on the same revision', () => {
    const first = failed('a', { failedRevision: NEW });
    expect(between([approved('a', { approvedRevision: first.approvedRevision })], [first])).toContainEqual({
      kind: 'failed',
    });
    expect(between([first], [{ ...first, reason: 'It failed again.' }])).toEqual([]);
  });

  it('finds a halt once', () => {
    const policy = valid({ failureThreshold: '1' });
    const nodes = [failed('a'), waiting('b')];
    expect(between([waiting('a'), waiting('b')], nodes, policy)).toContainEqual({ kind: 'halted' });
    expect(between(nodes, nodes, policy)).toEqual([]);
  });

  it('finds nothing on a node that is new or gone', () => {
    expect(between([], [approved('a')])).toEqual([]);
    expect(between([approved('a', { approvedRevision: OLD })], [])).toEqual([]);
  });
});
