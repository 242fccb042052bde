import { describe, expect, it } from 'vitest';
import {
  compareNames,
  groupOf,
  placeIn,
} from '../../../../../agent/cli/kubectl/dashboard/page/model/groups.ts';
import { nextIndex } from '../../../../../agent/cli/kubectl/dashboard/page/model/keys.ts';
import { areasOf } from '../../../../../agent/cli/kubectl/dashboard/page/model/shapes.ts';
import { clock, tileText } from '../../../../../agent/cli/kubectl/dashboard/page/model/words.ts';

const TILE = {
  name: 'n1',
  standing: 'failed',
  state: 'Degraded',
  zone: 'a',
  profile: '',
  paused: true,
  canary: false,
} as const;

describe('the groups of the tiles', () => {
  it('follow zone, profile or state, and name what a node lacks', () => {
    expect(groupOf(TILE, 'zone').title).toBe('a');
    expect(groupOf(TILE, 'profile').title).toBe('no profile');
    expect(groupOf(TILE, 'state').title).toBe('failed');
  });

  it('show what needs a person first by state, and what lacks a zone last', () => {
    const done = groupOf({ ...TILE, standing: 'done' }, 'state');
    expect(compareNames(groupOf(TILE, 'state').key, done.key)).toBeLessThan(0);
    const zones = ['zone-10', '', 'zone-2'].map((zone) => groupOf({ ...TILE, zone }, 'zone').key);
    expect(zones.toSorted(compareNames).slice(0, 2)).toEqual(['zone-2', 'zone-10']);
  });

  it('keep nodes in the order of names wherever they are inserted', () => {
    const sorted: { readonly name: string }[] = [];
    for (const name of ['n10', 'n2', 'n1', 'n9', 'n11']) sorted.splice(placeIn(sorted, name), 0, { name });
    expect(sorted.map(({ name }) => name)).toEqual(['n1', 'n2', 'n9', 'n10', 'n11']);
    expect(placeIn(sorted, 'n9')).toBe(2);
  });

  it('find each node again among names that differ in leading zeros alone', () => {
    const names = ['n01', 'n1', 'n001', 'n2', 'n02'];
    const sorted: { readonly name: string }[] = [];
    for (const name of names) sorted.splice(placeIn(sorted, name), 0, { name });
    expect(names.map((name) => sorted[placeIn(sorted, name)]?.name)).toEqual(names);
  });
});

describe('the keys among the tiles', () => {
  // Two groups of four columns: indexes 0 to 5, and 6 to 8 below.
  const spots = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => ({
    left: (index < 6 ? index % 4 : index - 6) * 10,
    top: index < 4 ? 0 : index < 6 ? 10 : 40,
  }));
  const to = (key: string, from: number): number | undefined =>
    nextIndex(key, from, spots.length, (index) => spots[index] ?? { left: 0, top: 0 });

  it('lead along the line, and end at its ends', () => {
    expect([to('ArrowRight', 3), to('ArrowLeft', 4), to('Home', 7), to('End', 0)]).toEqual([4, 3, 0, 8]);
    expect([to('ArrowLeft', 0), to('ArrowRight', 8), to('a', 1)]).toEqual([undefined, undefined, undefined]);
  });

  it('lead to the nearest tile of the next line, and over the edge of a group', () => {
    expect([to('ArrowDown', 1), to('ArrowDown', 3), to('ArrowDown', 5), to('ArrowUp', 8)]).toEqual([
      5, 5, 7, 5,
    ]);
    expect([to('ArrowUp', 2), to('ArrowDown', 8)]).toEqual([undefined, undefined]);
  });
});

describe('the chart', () => {
  const counts = { done: 0, waiting: 4, changing: 0, failed: 0, held: 0, lost: 0 };

  it('stacks an area for each standing, whose heights are its shares', () => {
    const areas = areasOf(
      [
        { at: 0, counts },
        { at: 10, counts: { ...counts, done: 3, waiting: 1 } },
      ],
      100,
      40,
    );
    expect(areas).toEqual([
      { standing: 'done', points: '0,40 100,40 100,10 100,40 100,40 0,40' },
      { standing: 'waiting', points: '0,0 100,0 100,0 100,10 100,40 0,40' },
    ]);
  });

  it('is empty before there is a second sample', () => {
    expect(areasOf([{ at: 0, counts }], 100, 40)).toEqual([]);
  });
});

describe('what a screen reader says of a tile', () => {
  it('has the standing, the state, the pause and the zone in words', () => {
    expect(tileText(TILE)).toBe('n1: failed, state Degraded, paused, zone a');
  });
});

describe('the time of a moment', () => {
  it('has its day where that is not today', () => {
    const at = new Date(2026, 4, 31, 23, 59, 58);
    expect(clock(at.getTime(), new Date(2026, 4, 31, 1))).toBe('23:59:58');
    expect(clock(at.getTime(), new Date(2026, 5, 1, 0, 0, 1))).toBe('31 May 23:59:58');
  });
});
