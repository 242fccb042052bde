import { describe, expect, it } from 'vitest';
import { NO_TALLY, sumOf, type Tally } from '../../../../scripts/fleet/agents/messages.ts';

const ONE: Tally = {
  made: 2,
  done: 1,
  doneAt: [5],
  states: { Done: 1, Pending: 1 },
  traffic: { bytes: 10, connections: 3 },
  residentBytes: 100,
  cpuSeconds: 0.5,
  warnings: { late: 1 },
};

describe('the tallies of several processes', () => {
  it('are added up field by field', () => {
    const other = { ...ONE, doneAt: [7], states: { Done: 2 }, warnings: { lost: 2 } };
    expect(sumOf([ONE, other])).toEqual({
      made: 4,
      done: 2,
      doneAt: [5, 7],
      states: { Done: 3, Pending: 1 },
      traffic: { bytes: 20, connections: 6 },
      residentBytes: 200,
      cpuSeconds: 1,
      warnings: { late: 1, lost: 2 },
    });
  });

  it('are zero for no process', () => {
    expect(sumOf([])).toEqual(NO_TALLY);
  });
});
