// The matrix's result as a Markdown table, as in docs/reference/kubelets.md.

import { alignedTable } from '../bench/report/table.ts';
import type { Failure } from '../entry/run-vitest.ts';

export interface Row {
  /** The kubelet's version. */
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Includes starting the cluster, but not building what is cached. */
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

const HEAD = ['kubelet', 'passed', 'failed', 'skipped', 'seconds'] as const;

/** Returns a Markdown table whose columns are aligned, so that it can be read as text. */
export function markdown(rows: readonly Row[]): string {
  const cells = rows.map(({ version, passed, failed, skipped, seconds }) => [
    version,
    ...[passed, failed, skipped, seconds].map((value) => value.toFixed(0)),
  ]);
  return alignedTable([HEAD, ...cells], 1);
}

/** Returns one line for each failure, with its version; empty when there is none. */
export function failureLines(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ version, failed, failures }) => {
    const named = failures.map(({ title }) => `kubelet ${version}: ${title}`);
    return failed > 0 && named.length === 0
      ? [`kubelet ${version}: the run failed outside of a test`]
      : named;
  });
}

/** Numbers are right-aligned. */
