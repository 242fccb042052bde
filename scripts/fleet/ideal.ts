// The ideal duration of a rollout: only the nodes' own changes and soaks take time.

export interface Plan {
  readonly nodes: number;
  /** Number of nodes that may change at a time. */
  readonly slots: number;
  /** Number of nodes that change first, and soak for `soakMs` before the others. */
  readonly canaries: number;
  readonly soakMs: number;
  /** Duration of one node's change alone, from the edit to Done. */
  readonly nodeMs: number;
}

/** Returns a percentage of the nodes as for `maxUnavailable`: rounded down, at least one. */
export function slotsOf(nodes: number, percent: number): number {
  return Math.max(1, Math.floor((nodes * percent) / 100));
}

/** Returns ms: the canaries and their soak, then waves of `slots` nodes. */
export function idealMs({ nodes, slots, canaries, soakMs, nodeMs }: Plan): number {
  const first = Math.min(canaries, nodes);
  const before = first === 0 ? 0 : Math.ceil(first / slots) * nodeMs + soakMs;
  return before + Math.ceil((nodes - first) / slots) * nodeMs;
}
