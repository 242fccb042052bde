// The agent's state in this process: loaded once, saved where it differs, and loaded again after a change that was left open.

import type { AgentState, StateStore } from './state-store.ts';

export interface NodeState {
  /** Loads what the host has, after ending a change that was left open. Throws when that could not be ended. */
  current(): Promise<AgentState>;
  /** Saves the state where it differs from what was saved last. Throws when the disk takes no writes. */
  save(next: AgentState): Promise<void>;
  /** Takes over what is saved already; undefined: the next `current` loads again. */
  replace(next: AgentState | undefined): void;
}

/** `recover` ends a change that was left open and resolves with the state after it. */
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
