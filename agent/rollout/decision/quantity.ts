// Numbers of nodes.

import type { Quantity } from '../../policy/policy.ts';

/** As a number of nodes: percentages are of `total`, rounded down; at least 1. */
export function numberOf(quantity: Quantity, total: number): number {
  const number = quantity.kind === 'count' ? quantity.count : Math.floor((quantity.percent * total) / 100);
  return Math.max(1, number);
}
