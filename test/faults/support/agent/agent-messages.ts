// What a test and the agent's process say to each other.

export type ToAgent =
  | { readonly kind: 'edit'; readonly path: string; readonly content: string }
  | { readonly kind: 'stats' };

export interface AgentStats {
  readonly kind: 'stats';
  /** After a full collection of garbage. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of the kubelet. */
  readonly restarts: number;
  /** The allowances argument that the kubelet runs with. */
  readonly running: string;
  /** How often each thing was warned of. */
  readonly warnings: Readonly<Record<string, number>>;
}

export type FromAgent = AgentStats | { readonly kind: 'restarted' };
