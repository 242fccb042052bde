import { describe, expect, it } from 'vitest';
import { duration, fleetTable } from '../../../../scripts/fleet/report/table.ts';

describe('a duration', () => {
  it('is shown in its largest units', () => {
    expect([12_400, 599_000, 1_054_000, 52_700_000].map(duration)).toEqual([
      '12 s',
      '599 s',
      '18 min',
      '14 h 38 min',
    ]);
  });
});

describe('the table', () => {
  it('has the verdict beside each aim, and names the sizes that miss it', () => {
    const rows = [
      { what: 'Ratio', measured: ['1.02', '1.30'], aim: '≤ 1.15', missedAt: [5000] },
      { what: 'Bytes', measured: ['1', '2'], aim: undefined, missedAt: [] },
    ];
    const cells = rowsOf(rows).map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells[2]).toEqual(['', 'Ratio', '1.02', '1.30', '≤ 1.15', 'missed at 5,000', '']);
    expect(cells[3]).toEqual(['', 'Bytes', '1', '2', '', '', '']);
  });
});

function rowsOf(rows: Parameters<typeof fleetTable>[1]): readonly string[] {
  return fleetTable([100, 5000], rows).split('\n');
}
