import { describe, expect, it } from 'vitest';
import { linesOf, momentsIn, since } from '../../../scripts/timeline/moments.ts';
import { at, nodeAt, recording } from './recording.ts';

describe('a recording', () => {
  it('is the same when it is written and read again', () => {
    expect(momentsIn(linesOf(recording()))).toEqual(recording());
  });

  it('is refused with the line that is none of it', () => {
    const lines = linesOf(recording().slice(0, 2));
    expect(() => momentsIn(`${lines}{"kind":"node","at":1}\n`)).toThrow(/line 3 /u);
    expect(() => momentsIn(`${lines}not JSON\n`)).toThrow(/line 3 /u);
    expect(() => momentsIn('{"at":1,"kind":"phase","phase":"Dancing"}')).toThrow(/line 1 /u);
  });

  it('that begins later begins with what was shown then', () => {
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
