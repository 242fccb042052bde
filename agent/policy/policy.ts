// The types of a valid policy, as parsed from the ConfigMap.

/** One allowance and its place in the ConfigMap. */
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

export const ROLLOUTS = ['Coordinated', 'Immediate'] as const;

/** A number of nodes, or a percentage of those selected, rounded down. */
export type Quantity =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** The nodes that change first: a number of those that get the same list, or those whose labels carry every pair. */
export type Canary =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'selector'; readonly labels: Readonly<Record<string, string>> };

/** When changes may begin, in the local time of a zone. A window whose end is not after its start ends on the next day. */
export interface Window {
  /** Days on which it starts, 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight, 0 to 1439; `end` 1 to 1440. */
  readonly start: number;
  readonly end: number;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
}

/** The pace of the fleet. */
export interface Pace {
  /** Coordinated: where a coordinator is installed, a node waits for its approval. Immediate: a node waits for none. */
  readonly rollout: (typeof ROLLOUTS)[number];
  readonly maxUnavailable: Quantity;
  readonly canary: Canary;
  /** How long changed canaries must stay healthy before the others follow. */
  readonly soakSeconds: number;
  /** The number of failed nodes that halts the rollout. */
  readonly failureThreshold: Quantity;
  /** Empty: at any time. */
  readonly windows: readonly Window[];
}

export interface Settings {
  readonly mode: (typeof MODES)[number];
  readonly paused: boolean;
  readonly unmanaged: (typeof UNMANAGED)[number];
  readonly inUse: (typeof IN_USE)[number];
  /** How long the agent watches the verified kubelet before it commits the change. */
  readonly nodeSoakSeconds: number;
  /** On OpenShift the list may be written to the folder of --config-dir, beside the files of its machine-config-daemon. */
  readonly openShiftConfigDir: boolean;
  readonly pace: Pace;
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
  /** What was expected, what was found, and how to fix it. */
  readonly message: string;
}

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };
