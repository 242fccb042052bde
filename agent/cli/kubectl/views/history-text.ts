// A node's history as a table, one row for each change.

import type { PastChange } from '../../../report/past-change.ts';
import { aligned } from '../../../report/table.ts';
import { printable } from '../../../text/quote.ts';

const TITLES = ['TIME', 'RESULT', 'REVISION', 'CONFIGMAP', 'CHANGE', 'WHY'];
/** Long enough for a line of the kubelet's log, which names the cause. */
const LONGEST_WHY = 1000;

/** Returns an aligned table in the order of the changes, control characters escaped, without a newline at the end. */
export function historyText(changes: readonly PastChange[]): string {
  return aligned([TITLES, ...changes.map(row)]);
}

function row({
  at,
  result,
  revision,
  resourceVersion,
  from,
  to,
  why,
  reason,
}: PastChange): readonly string[] {
  const time = at.replace(/\.\d+Z$/u, 'Z');
  return [
    printable(time),
    result,
    printable(revision),
    printable(resourceVersion ?? '-'),
    printable(difference(from, to), Infinity),
    printable(why ?? reason, LONGEST_WHY),
  ];
}

/** Returns what the change adds to the running list and removes from it: `+net.core.somaxconn -kernel.sem`. */
export function difference(from: readonly string[], to: readonly string[]): string {
  const added = to.filter((item) => !from.includes(item)).map((item) => `+${item}`);
  const removed = from.filter((item) => !to.includes(item)).map((item) => `-${item}`);
  return [...added, ...removed].join(' ') || '-';
}
