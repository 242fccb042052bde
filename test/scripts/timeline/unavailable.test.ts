import { describe, expect, it } from 'vitest';
import type { NodeMoment } from '../../../scripts/timeline/moments.ts';
import { at, nodeAt, recording } from './recording.ts';
import { isUnavailable, mostUnavailable } from '../../../scripts/timeline/unavailable.ts';

describe('the worst instant of a recording', () => {
  it('is the one with the most unavailable nodes', () => {
    expect(mostUnavailable(recording())).toEqual(['n1']);
    const working = { state: 'Working' } as const;
    const both = [
      nodeAt(0, 'n1', working),
      nodeAt(1, 'n2', working),
      nodeAt(2, 'n1', { state: 'Done' }),
      nodeAt(3, 'n3', { state: 'Done' }),
    ];
    expect(mostUnavailable(both)).toEqual(['n1', 'n2']);
  });

  it('does not count a removed node', () => {
    const shown = [
      nodeAt(0, 'n1', { ready: false }),
      { kind: 'gone', at: at(1), node: 'n1' } as const,
      nodeAt(2, 'n2', { ready: false }),
    ];
    expect(mostUnavailable(shown)).toEqual(['n1']);
  });

  it('has no node when all were always available', () => {
    expect(mostUnavailable([nodeAt(0, 'n1', { state: 'Done' })])).toEqual([]);
  });
});

describe('a node', () => {
  const [OLD, NEW] = ['old', 'new'];
  const pending = { state: 'Pending', desiredRevision: NEW, appliedRevision: OLD } as const;
  it.each<[boolean, Partial<NodeMoment>]>([
    [false, { state: 'Done', desiredRevision: OLD, appliedRevision: OLD, approvedRevision: OLD }],
    [false, pending],
    [false, { ...pending, approvedRevision: OLD }],
    [true, { ...pending, approvedRevision: NEW }],
    [true, { state: 'Done', desiredRevision: OLD, appliedRevision: OLD, approvedRevision: NEW }],
    [false, { state: 'Done', desiredRevision: OLD, appliedRevision: OLD, approvedRevision: 'unfinished' }],
    [true, { state: 'Working' }],
    [true, { state: 'Degraded', desiredRevision: NEW, failedRevision: NEW }],
    [false, { state: 'Degraded', desiredRevision: NEW, failedRevision: OLD }],
    [true, { state: 'Done', ready: false }],
    [false, { state: 'Unreconcilable' }],
  ])('is unavailable: %s, when it shows %j', (unavailable, shown) => {
    expect(isUnavailable(nodeAt(0, 'n1', shown))).toBe(unavailable);
  });
});
