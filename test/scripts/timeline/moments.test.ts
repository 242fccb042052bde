import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../scripts/entry/json-lines.ts';
import { momentsIn, since } from '../../../scripts/timeline/moments.ts';
import { at, nodeAt, recording } from './recording.ts';

describe('a recording', () => {
  it('is unchanged after it is written and read', () => {
    expect(momentsIn(linesOf(recording()))).toEqual(recording());
  });

  it('is refused with the number of a line that is not a moment', () => {
    const lines = linesOf(recording().slice(0, 2));
    expect(() => momentsIn(`${lines}{"kind":"node","at":1}\n`)).toThrow(/line 3 /u);
    expect(() => momentsIn(`${lines}not JSON\n`)).toThrow(/line 3 /u);
    expect(() => momentsIn('{"at":1,"kind":"phase","phase":"Dancing"}')).toThrow(/line 1 /u);
  });

  it('that is cut at an instant starts with the state at that instant', () => {
    const begin = at(0);
    const all = [
      nodeAt(-3, 'n1', { state: 'Pending' }),
      nodeAt(-2, 'n1', { state: 'Done' }),
      nodeAt(-2, 'gone', { state: 'Done' }),
      { kind: 'phase', at: at(-2), phase: 'Rolling' },
      { kind: 'gone', at: at(-1), node: 'gone' },
      nodeAt(1, 'n1', { state: 'Blocked' }),
    ] as const;

    expect(since(all, begin)).toEqual([
      nodeAt(0, 'n1', { state: 'Done' }),
      { kind: 'phase', at: begin, phase: 'Rolling' },
      nodeAt(1, 'n1', { state: 'Blocked' }),
    ]);
  });
});
