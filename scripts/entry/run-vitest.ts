// One run of vitest in a process of its own, and what came of it.

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
  /** What failed, by its whole title. */
  readonly failures: readonly string[];
}

export interface VitestOptions {
  /** Beside this process's own; undefined takes one out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the progress goes; default stdout. */
  readonly progress?: 'stdout' | 'stderr';
}

/** Runs `vitest run` with these arguments and resolves whatever the tests do; what ends without a report counts as one failure. */
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

/** The part of vitest's JSON report that counts. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A run that failed without a failed test (a file that does not load, a hook that throws) counts as one failure. */
export function outcomeOf(report: VitestReport, runFailed: boolean): VitestOutcome {
  return {
    passed: report.numPassedTests,
    failed: runFailed ? Math.max(report.numFailedTests, 1) : report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap(({ name, status, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed');
      if (failed.length > 0) return failed.map(({ fullName }) => fullName);
      return status === 'failed' ? [`${name}, outside of its tests`] : [];
    }),
  };
}

function withoutReport(why: string): VitestOutcome {
  return { passed: 0, failed: 1, skipped: 0, failures: [why] };
}
