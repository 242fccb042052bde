import { describe, expect, it } from 'vitest';
import { failureLines, markdown, type Row } from '../../../scripts/matrix/table.ts';

const GOOD: Row = { version: '1.30.14', passed: 37, failed: 0, skipped: 1, seconds: 181.6, failures: [] };
const BAD: Row = {
  version: '1.37.2',
  passed: 1,
  failed: 2,
  skipped: 0,
  seconds: 9.2,
  failures: [{ title: 'a b' }, { title: 'c' }],
};

describe('the table', () => {
  it('has a row for each version, with right-aligned numbers', () => {
    expect(markdown([GOOD, BAD])).toBe(
      [
        '| kubelet | passed | failed | skipped | seconds |',
        '| ------- | -----: | -----: | ------: | ------: |',
        '| 1.30.14 |     37 |      0 |       1 |     182 |',
        '| 1.37.2  |      1 |      2 |       0 |       9 |',
      ].join('\n'),
    );
  });
});

describe('the failure lines', () => {
  it('contain the version of each failure', () => {
    expect(failureLines([GOOD, BAD])).toEqual(['kubelet 1.37.2: a b', 'kubelet 1.37.2: c']);
  });

  it('contain a failure outside of a test', () => {
    expect(failureLines([{ ...GOOD, failed: 1 }])).toEqual([expect.stringContaining('1.30.14')]);
  });
});
