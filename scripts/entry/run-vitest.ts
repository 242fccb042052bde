// Runs vitest in a child process and returns its result.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface VitestOutcome extends Counts {
  readonly failures: readonly Failure[];
}

export interface Failure {
  /** The test's full title. */
  readonly title: string;
  /** What the test expected and found; absent for what failed outside of a test. */
  readonly message?: string | undefined;
}

export interface VitestOptions {
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Stream for the progress; default stdout. */
  readonly progress?: 'stdout' | 'stderr';
}

/** Runs `vitest run` with these arguments; resolves also when tests fail. A run without a report counts as one failure. */
export async function runVitest(
  args: readonly string[],
  { env = {}, progress = 'stdout' }: VitestOptions = {},
): Promise<VitestOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'kubelet-sysctls-test-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { failed, exitCode } = await execa('vitest', ['run', ...args, ...reporters], {
      preferLocal: true,
      env,
      stdin: 'ignore',
      stdout: progress === 'stdout' ? 'inherit' : process.stderr,
      stderr: 'inherit',
      reject: false,
    });
    const report = await readFile(file, 'utf8').catch(() => undefined);
    if (report === undefined) return withoutReport(`vitest ended with ${exitCode} before any test`);
    return outcomeOf(JSON.parse(report), failed);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The part of vitest's JSON report that is read. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Returns the result of a report; a run that failed without a failed test (a file that does not load, a hook that throws) counts as one failure. */
export function outcomeOf(report: VitestReport, runFailed: boolean): VitestOutcome {
  return {
    passed: report.numPassedTests,
    failed: runFailed ? Math.max(report.numFailedTests, 1) : report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap(({ name, status, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed');
      if (failed.length > 0) {
        return failed.map(({ fullName, failureMessages }) => ({
          title: fullName,
          message: failureMessages[0],
        }));
      }
      return status === 'failed' ? [{ title: `${name}, outside of its tests` }] : [];
    }),
  };
}

function withoutReport(why: string): VitestOutcome {
  return { passed: 0, failed: 1, skipped: 0, failures: [{ title: why }] };
}
