// Many names, told in one line.

import { count } from './count.ts';

/** `node-1, node-2 and 48 more`: as many names as fit into `width` characters, at least one. */
export function someNames(names: readonly string[], width: number): string {
  for (let shown = names.length; shown > 1; shown -= 1) {
    const text = listed(names, shown);
    if (text.length <= width) return text;
  }
  return listed(names, 1);
}

function listed(names: readonly string[], shown: number): string {
  const text = names.slice(0, shown).join(', ');
  const more = names.length - shown;
  return more > 0 ? `${text} and ${more} more` : text;
}

/** `1 node`, `12 nodes` */
export function nodeCount(number: number): string {
  return count(number, 'node');
}
