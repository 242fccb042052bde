// Quantities as numbers of nodes.

import type { Quantity } from '../../policy/policy.ts';

/** Returns a number of nodes, at least 1. Percentages are of `total`, rounded down. */
export function numberOf(quantity: Quantity, total: number): number {
  const number = quantity.kind === 'count' ? quantity.count : Math.floor((quantity.percent * total) / 100);
  return Math.max(1, number);
}
