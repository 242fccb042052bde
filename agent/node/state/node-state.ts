// The agent's state in this process: loaded once, saved when it differs, and loaded again after a change that was left open.

import type { AgentState, StateStore } from './state-store.ts';

export interface NodeState {
  /** Returns the state; loads it first if needed, after recovery of a change that was left open. Throws when recovery fails. */
  current(): Promise<AgentState>;
  /** Saves the state when it differs from the last saved one. Throws when the disk takes no writes. */
  save(next: AgentState): Promise<void>;
  /** Replaces the cached state by one that is already saved; undefined: the next `current` loads it again. */
  replace(next: AgentState | undefined): void;
}

/** `recover` completes or undoes a change that was left open, and resolves with the state after it. */
export function createNodeState(
  store: Pick<StateStore, 'save'>,
  recover: () => Promise<AgentState>,
): NodeState {
  let current: AgentState | undefined;

  return {
    async current() {
      current ??= await recover();
      return current;
    },
    async save(next) {
      if (JSON.stringify(next) !== JSON.stringify(current)) {
        await store.save(next);
      }
      current = next;
    },
    replace(next) {
      current = next;
    },
  };
}
