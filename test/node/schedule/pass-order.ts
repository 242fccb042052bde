// Detects a pass that begins while an earlier one still writes or restarts something.

import type { StateStore } from '../../../agent/node/state/state-store.ts';
import type { Violations } from './invariants.ts';

/** The order of one agent process's passes. */
export class PassOrder {
  readonly #violations: Violations;
  readonly #pending = new Map<object, string>();

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** Call when a pass observes the node. */
  observes(): void {
    this.#expectNone('asks for the state of the unit');
  }

  /** No other pass may begin until `doing` has settled. */
  async during<T>(what: string, doing: Promise<T>): Promise<T> {
    const key = {};
    this.#pending.set(key, what);
    try {
      return await doing;
    } finally {
      this.#pending.delete(key);
    }
  }

  watched(agentState: StateStore): StateStore {
    return {
      ...agentState,
      load: () => {
        this.#expectNone('loads the state');
        return agentState.load();
      },
      open: () => {
        this.#expectNone('asks for an open change');
        return agentState.open();
      },
      save: (next) => this.during('save', agentState.save(next)),
      commit: () => this.during('commit', agentState.commit()),
    };
  }

  #expectNone(what: string): void {
    const [pending] = this.#pending.values();
    if (pending !== undefined) {
      this.#violations.add('one-pass', `a pass ${what} during the ${pending} of another`);
    }
  }
}
