// Prints the nodes' annotations as a table for people.

import { KEYS } from '../names.ts';

export interface TableNode {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Each column's title, its text for a node, and its longest width in characters. */
const COLUMNS: readonly (readonly [
  title: string,
  text: (node: TableNode) => string | undefined,
  max: number,
])[] = [
  ['NODE', (node) => node.name, 40],
  ['STATE', (node) => node.annotations[KEYS.state], 14],
  ['DESIRED', (node) => node.annotations[KEYS.desired], 48],
  ['RUNNING', (node) => node.annotations[KEYS.running], 48],
  ['DRIFT', (node) => node.annotations[KEYS.drift] ?? '', 48],
  ['REVISION', (node) => revision(node.annotations), 26],
  ['REASON', (node) => node.annotations[KEYS.reason], 100],
];
const GAP = '   ';

/**
 * Returns an aligned table, one line a node after the line of titles, without a newline at the end. An unknown value shows
 * as `?`, an empty one as `-`; long cells are cut with an ellipsis. Widths count characters, as terminals do.
 */
export function renderTable(nodes: readonly TableNode[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...nodes.map((node) => COLUMNS.map(([, text, max]) => cell(text(node), max))),
  ];
  return aligned(rows);
}

/** Returns rows of aligned cells, without a newline at the end. The first row must have as many cells as any other. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const [titles = []] = rows;
  const widths = titles.map((_title, at) => Math.max(...rows.map((row) => lengthOf(row[at] ?? ''))));
  return rows.map((row) => line(row, widths)).join('\n');
}

/** Returns the revision when desired and applied are equal, else `applied → desired`. */
function revision(annotations: TableNode['annotations']): string | undefined {
  const desired = annotations[KEYS.desiredRevision];
  const applied = annotations[KEYS.appliedRevision];
  return desired === applied ? desired : `${applied ?? 'none'} → ${desired ?? 'none'}`;
}

function cell(text: string | undefined, max: number): string {
  if (text === undefined) {
    return '?';
  }
  const flat = Array.from(text.trim().replaceAll(/\s+/g, ' '));
  if (flat.length === 0) {
    return '-';
  }
  return flat.length > max ? `${flat.slice(0, max - 1).join('')}…` : flat.join('');
}

function line(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((text, at) => text + ' '.repeat((widths[at] ?? 0) - lengthOf(text)));
  return cells.join(GAP).trimEnd();
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
