// How long a rollout would take if nothing but the nodes themselves took time.

export interface Plan {
  readonly nodes: number;
  /** How many may be under way at a time. */
  readonly slots: number;
  /** How many go first, and are watched for `soakMs` before the others follow. */
  readonly canaries: number;
  readonly soakMs: number;
  /** What one node alone takes, from the edit to Done. */
  readonly nodeMs: number;
}

/** A percentage of the nodes as `maxUnavailable` takes it: rounded down, at least one. */
export function slotsOf(nodes: number, percent: number): number {
  return Math.max(1, Math.floor((nodes * percent) / 100));
}

/** Waves of `slots` nodes; the canaries' wave and their soak come before. */
export function idealMs({ nodes, slots, canaries, soakMs, nodeMs }: Plan): number {
  const first = Math.min(canaries, nodes);
  const before = first === 0 ? 0 : Math.ceil(first / slots) * nodeMs + soakMs;
  return before + Math.ceil((nodes - first) / slots) * nodeMs;
}
