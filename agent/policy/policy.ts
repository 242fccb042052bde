// What the ConfigMap says, parsed and valid: typed values only.

/** One allowance and where the ConfigMap says it. */
export interface Entry {
  readonly pattern: string;
  readonly key: string;
  /** Line within the key's value, from 1. */
  readonly line: number;
}

/** Extra allowances for the nodes whose labels carry every pair of `nodeSelector`. */
export interface Profile {
  readonly name: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly entries: readonly Entry[];
}

export const MODES = ['Enforce', 'Observe', 'Restore'] as const;
export const UNMANAGED = ['Keep', 'Remove'] as const;
export const IN_USE = ['Block', 'Proceed'] as const;

export interface Settings {
  readonly mode: (typeof MODES)[number];
  readonly paused: boolean;
  readonly unmanaged: (typeof UNMANAGED)[number];
  readonly inUse: (typeof IN_USE)[number];
  /** How long a node is watched after the proof, before its change is committed. */
  readonly nodeSoakSeconds: number;
}

export interface Policy {
  readonly entries: readonly Entry[];
  readonly profiles: readonly Profile[];
  readonly settings: Settings;
}

export interface PolicyError {
  /** The ConfigMap's key; empty when the error is about the ConfigMap as a whole. */
  readonly key: string;
  /** Line within the key's value, from 1. */
  readonly line: number;
  /** What was expected, what was found, and the mend. */
  readonly message: string;
}

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };
