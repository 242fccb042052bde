// The result as a Markdown table, as in docs/explanation/figures.md.

import type { Row } from './aims.ts';
import type { Figures } from './figures.ts';

/** Returns a Markdown table whose columns are aligned, so that it can be read as text. */
export function markdown(rows: readonly Row[]): string {
  return alignedTable([
    ['', 'Measured', 'Aim', ''],
    ...rows.map(({ what, measured, aim, met }) => [what, measured, aim ?? '', verdict(met)]),
  ]);
}

/** Returns an aligned Markdown table of any cells; the first row is the header. Columns from `numbersFrom` on are right-aligned. */
export function alignedTable(cells: readonly (readonly string[])[], numbersFrom = Infinity): string {
  const [head = [], ...body] = cells;
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => padded(cell, widths[column] ?? 0, column >= numbersFrom)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column >= numbersFrom ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [head, rule, ...body].map(line).join('\n');
}

function padded(cell: string, width: number, onTheRight: boolean): string {
  return onTheRight ? cell.padStart(width) : cell.padEnd(width);
}

export function machineText({ machine }: Pick<Figures, 'machine'>): string {
  const { cpus, kernel, kubernetes, cgroupVersion, loadBefore } = machine;
  return (
    `${cpus} CPUs, Linux ${kernel}, cgroup v${cgroupVersion}, Kubernetes ${kubernetes}, ` +
    `load ${loadBefore.toFixed(2)} before the first round. Times are medians (least–most).`
  );
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'met' : 'missed';
}
