// Nodes and times as text in messages.

import { count } from '../../text/count.ts';
import type { FleetNode } from '../fleet.ts';

const MOST_NAMES = 3;

/** `1 node`, `3 nodes` */
export function nodesText(number: number): string {
  return count(number, 'node');
}

/** `a, b, c and 4 more` */
export function namesText(members: readonly { readonly node: FleetNode }[]): string {
  const names = members.slice(0, MOST_NAMES).map(({ node }) => node.name);
  const more = members.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** RFC 3339 in UTC, to the second. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
