// A node's history for a person: one line a change.

import type { PastChange } from '../../../report/past-change.ts';
import { aligned } from '../../../report/table.ts';
import { printable } from '../../../text/quote.ts';

const TITLES = ['TIME', 'RESULT', 'REVISION', 'CONFIGMAP', 'CHANGE', 'WHY'];
/** A line of the kubelet's log may be long, and is what a person looks for. */
const LONGEST_WHY = 1000;

/** An aligned table in the order of the changes, without a newline at the end; nothing in it controls a terminal. */
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

/** What the kubelet ran with before, and was to run with: `+net.core.somaxconn -kernel.sem`. */
function difference(from: readonly string[], to: readonly string[]): string {
  const added = to.filter((item) => !from.includes(item)).map((item) => `+${item}`);
  const removed = from.filter((item) => !to.includes(item)).map((item) => `-${item}`);
  return [...added, ...removed].join(' ') || '-';
}
