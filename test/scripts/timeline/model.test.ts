import { describe, expect, it } from 'vitest';
import { appearanceOf, type Appearance, timelineOf } from '../../../scripts/timeline/model.ts';
import type { Moment, NodeMoment } from '../../../scripts/timeline/moments.ts';
import { at, nodeAt, recording } from './recording.ts';

describe('a timeline', () => {
  it('has what each node did, with which list, in seconds since the first edit', () => {
    const { rows, from, to } = timelineOf(recording());

    expect([from, to]).toEqual([-2, 27]);
    expect(rows.map(({ node, zone }) => [node, zone])).toEqual([
      ['n1', 'zone-n1'],
      ['n2', 'zone-n2'],
      ['n3', 'zone-n3'],
    ]);
    expect(rows[1]?.segments).toEqual([
      { appearance: 'done', list: 'A', from: -2, to: 0.1 },
      { appearance: 'waiting', list: 'A', from: 0.1, to: 9.1 },
      { appearance: 'approved', list: 'A', from: 9.1, to: 10 },
      { appearance: 'changing', list: 'A', from: 10, to: 12 },
      { appearance: 'failed', list: 'A', from: 12, to: 20.1 },
      { appearance: 'waiting', list: 'A', from: 20.1, to: 22 },
      { appearance: 'done', list: 'C', from: 22, to: 27 },
    ]);
  });

  it('has the phases one after the other, the last until the end', () => {
    const { bands } = timelineOf(recording());
    expect(bands.map(({ phase }) => phase)).toEqual([
      'Done',
      'Canary',
      'Soaking',
      'Rolling',
      'Halted',
      'Canary',
      'Done',
    ]);
    expect(bands.slice(1).map(({ from }) => from)).toEqual(bands.slice(0, -1).map(({ to }) => to));
    expect(bands.at(-1)).toEqual({ phase: 'Done', from: 25, to: 27 });
  });

  it('has the edits with the lists that became desired by them', () => {
    expect(timelineOf(recording()).edits).toEqual([
      { at: 0, what: 'one more', lists: ['B'] },
      { at: 20, what: 'another & better one', lists: ['C'] },
    ]);
  });

  it('does not depend on the order in which nodes and phases were noted', () => {
    expect(
      timelineOf(
        recording()
          .toReversed()
          .toSorted((one, other) => one.at - other.at),
      ).bands,
    ).toEqual(timelineOf(recording()).bands);
  });

  it('merges equal neighbouring segments, and drops segments without a duration', () => {
    const shown = [
      nodeAt(0, 'n1', { state: 'Done' }),
      nodeAt(1, 'n1', { state: 'Blocked' }),
      nodeAt(1, 'n1', { state: 'Done', drift: 'x' } as Partial<NodeMoment>),
      { kind: 'end', at: at(2) },
    ] satisfies Moment[];
    expect(timelineOf(shown).rows[0]?.segments).toEqual([{ appearance: 'done', list: 'A', from: 0, to: 2 }]);
  });

  it('has a gap where a node did not exist', () => {
    const shown = [
      nodeAt(0, 'n1', { state: 'Done' }),
      { kind: 'gone', at: at(1), node: 'n1' },
      nodeAt(3, 'n1', { state: 'Done' }),
      { kind: 'end', at: at(4) },
    ] satisfies Moment[];
    expect(timelineOf(shown).rows[0]?.segments.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [3, 4],
    ]);
  });

  it('orders nodes by number, not by text', () => {
    const shown = ['n10', 'n2', 'n1'].map((node) => nodeAt(0, node, { state: 'Done' }));
    expect(timelineOf(shown).rows.map(({ node }) => node)).toEqual(['n1', 'n2', 'n10']);
  });

  it('throws when there is no moment', () => {
    expect(() => timelineOf([])).toThrow(/moments/u);
  });
});

describe('a node in the timeline', () => {
  const [OLD, NEW] = ['old', 'new'];
  it.each<[Appearance, Partial<NodeMoment>]>([
    ['silent', {}],
    ['done', { state: 'Done' }],
    ['approved', { state: 'Done', desiredRevision: OLD, appliedRevision: OLD, approvedRevision: NEW }],
    ['waiting', { state: 'Pending', desiredRevision: NEW }],
    ['waiting', { state: 'Pending', desiredRevision: NEW, approvedRevision: OLD }],
    ['waiting', { state: 'Pending' }],
    ['approved', { state: 'Pending', desiredRevision: NEW, approvedRevision: NEW }],
    ['changing', { state: 'Working', desired: NEW, running: OLD }],
    ['changing', { state: 'Working', desired: NEW, running: OLD, ready: false }],
    ['watched', { state: 'Working', desired: NEW, running: NEW }],
    ['failed', { state: 'Degraded' }],
    ['blocked', { state: 'Blocked' }],
    ['held', { state: 'Observing' }],
    ['held', { state: 'Unreconcilable' }],
    ['not ready', { state: 'Done', ready: false }],
  ])('is %s when it shows %j', (appearance, shown) => {
    expect(appearanceOf(nodeAt(0, 'n1', shown))).toBe(appearance);
  });
});
