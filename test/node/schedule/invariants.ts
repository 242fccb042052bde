// The invariants during and after a schedule. A failure names the id of the broken one.

/** A broken invariant, and when it broke. */
export interface Violation {
  readonly invariant: Invariant;
  readonly atMs: number;
  readonly what: string;
}

export const INVARIANTS = {
  'restart-protected':
    'The agent restarts the kubelet only while journal, rollback timer and boot unit exist.',
  'one-pass': 'One pass of an agent ends before the next begins.',
  'own-temporary': 'No two writers share a temporary file.',
  'original-kept': 'The original bytes are kept until they are restored.',
  'file-bytes': "The file ends as others wrote it, with or without the agent's flag, to the byte.",
  'kubelet-healthy': 'The kubelet ends healthy.',
  'nothing-left': 'No journal, timer, unit or temporary file is left.',
  'pods-kept': 'No restart ends a pod against the policy.',
  'writes-bounded': 'A settled node makes few writes to the API.',
  'reported-in-time': 'Two minutes after the last fault the Node shows the list that the policy wants.',
  'done-is-true': 'Done is reported only for a kubelet that stays healthy with the list.',
  'message-is-true': 'A message says that the file holds the old bytes only when it does.',
  'labels-withdrawn':
    'No label for a sysctl stands while the agent or the undo script starts a kubelet that no longer allows it.',
  'labels-true': 'The labels end as the names of the policy that the running kubelet allows.',
  restored: 'Mode Restore restores the original bytes.',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** Collects the broken invariants, each once. */
export class Violations {
  readonly #found = new Map<Invariant, Violation>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(invariant: Invariant, what: string): void {
    if (!this.#found.has(invariant)) {
      this.#found.set(invariant, { invariant, atMs: this.#now(), what });
    }
  }

  /** In the order in which they were found. */
  get found(): readonly Violation[] {
    return [...this.#found.values()];
  }
}
