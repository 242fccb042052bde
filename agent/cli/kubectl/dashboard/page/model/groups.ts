// Which group a tile belongs to, and the order of groups and tiles. No DOM.

import type { NodeTile } from '../../messages.ts';
import { STANDING_ORDER, STANDING_WORDS } from './words.ts';

export const GROUPINGS = ['zone', 'profile', 'state'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Group {
  /** Groups are in the order of their keys. */
  readonly key: string;
  readonly title: string;
}

const ORDER = new Intl.Collator('en', { numeric: true });
/** After every name. */
const LAST = '\uffff';

/** Returns the group of this tile. */
export function groupOf({ standing, zone, profile }: NodeTile, grouping: Grouping): Group {
  switch (grouping) {
    case 'state':
      return { key: String(STANDING_ORDER.indexOf(standing)), title: STANDING_WORDS[standing].word };
    case 'zone':
      return zone === '' ? { key: LAST, title: 'no zone' } : { key: zone, title: zone };
    case 'profile':
      return profile === '' ? { key: LAST, title: 'no profile' } : { key: profile, title: profile };
  }
}

/** Compares names and keys: node-2 before node-10. 0 only for the same name: node-1 and node-01 have an order too. */
export function compareNames(one: string, other: string): number {
  if (one === other) return 0;
  if (one === LAST) return 1;
  if (other === LAST) return -1;
  return ORDER.compare(one, other) || (one < other ? -1 : 1);
}

/** Returns where to insert the name in the sorted list, or where it is. */
export function placeIn(sorted: readonly { readonly name: string }[], name: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNames(sorted[middle]?.name ?? '', name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
