// The matrix's result, as people read it and as README has it.

import { alignedTable } from '../bench/report/table.ts';

export interface Row {
  /** Of the kubelet. */
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** With the making of the cluster, without the building of what is kept. */
  readonly seconds: number;
  /** What failed, by its whole title. */
  readonly failures: readonly string[];
}

const HEAD = ['kubelet', 'passed', 'failed', 'skipped', 'seconds'] as const;

/** A table in Markdown, its columns aligned for people who read it as text. */
export function markdown(rows: readonly Row[]): string {
  const cells = rows.map(({ version, passed, failed, skipped, seconds }) => [
    version,
    ...[passed, failed, skipped, seconds].map((value) => value.toFixed(0)),
  ]);
  return alignedTable([HEAD, ...cells], 1);
}

/** Every failure on a line of its own after its version; empty when there is none. */
export function failureLines(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ version, failed, failures }) => {
    const named = failures.map((failure) => `kubelet ${version}: ${failure}`);
    return failed > 0 && named.length === 0
      ? [`kubelet ${version}: the run failed outside of a test`]
      : named;
  });
}

/** Numbers stand on the right. */
