// The figures of npm run bench:image as text.

import { spreadOf } from '../report/statistics.ts';
import { alignedTable } from '../report/table.ts';
import type { Contents } from './contents.ts';

export interface Measured {
  readonly title: string;
  readonly contents: Contents;
  readonly startMs: readonly number[];
}

/** Returns a table with a column for each image, all packages of the first, and those that another has beside them. */
export function imageReport(measured: readonly Measured[]): string {
  const row = (what: string, cell: (each: Measured) => string): readonly string[] => [
    what,
    ...measured.map(cell),
  ];
  const table = alignedTable([
    row('', ({ title }) => title),
    row('packed, as a node downloads it', ({ contents }) => megabytes(contents.packedBytes)),
    row('unpacked', ({ contents }) => megabytes(contents.unpackedBytes)),
    row('Debian packages', ({ contents }) => String(contents.packages.length)),
    row('start of the container → first report', ({ startMs }) => times(startMs)),
  ]);
  const [first, ...others] = measured;
  const only = others.map(
    ({ title, contents }) =>
      `Only in ${title}: ${contents.packages.filter((name) => first?.contents.packages.includes(name) !== true).join(' ')}`,
  );
  return [table, `In ${first?.title}: ${first?.contents.packages.join(' ')}`, ...only].join('\n\n');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function times(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values);
  return `${Math.round(median)} ms (${Math.round(min)}–${Math.round(max)})`;
}
