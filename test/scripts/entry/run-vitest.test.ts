import { describe, expect, it } from 'vitest';
import { outcomeOf, type VitestReport } from '../../../scripts/entry/run-vitest.ts';

type Status = 'passed' | 'failed' | 'pending';

/** One file with tests that ended so. */
function report(file: string, tests: readonly Status[], status = 'passed'): VitestReport {
  const count = (wanted: Status): number => tests.filter((each) => each === wanted).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: 1,
    testResults: [
      {
        name: file,
        status,
        assertionResults: tests.map((each, index) => ({
          fullName: `case ${index}`,
          status: each,
          failureMessages: each === 'failed' ? ['expected 1, got 2'] : [],
        })),
      },
    ],
  };
}

describe('the result of a vitest run', () => {
  it('has the counts, and the titles and messages of the failed tests', () => {
    const outcome = outcomeOf(report('a.test.ts', ['passed', 'failed', 'pending'], 'failed'), true);
    const failures = [{ title: 'case 1', message: 'expected 1, got 2' }];
    expect(outcome).toEqual({ passed: 1, failed: 1, skipped: 2, failures });
  });

  it('is a failure when a file failed outside of its tests', () => {
    const outcome = outcomeOf(report('a.test.ts', ['passed'], 'failed'), true);
    expect(outcome).toMatchObject({
      passed: 1,
      failed: 1,
      failures: [{ title: 'a.test.ts, outside of its tests' }],
    });
  });

  it('is a failure when the run failed and no file did', () => {
    expect(outcomeOf(report('a.test.ts', ['passed']), true)).toMatchObject({ failed: 1 });
    expect(outcomeOf(report('a.test.ts', ['passed']), false)).toMatchObject({ failed: 0, failures: [] });
  });
});
