// When a node that changes without a coordinator may begin: a whole fleet must not restart its kubelets at once.

import type { AgentState } from '../state/state-store.ts';

export interface Jitter {
  /** Before this instant the change to `revision` does not begin; undefined: at once. */
  notBefore(revision: string, agentState: AgentState, now: Date): Date | undefined;
}

/** A revision that is new here waits a random part of `longestMs`; one that was applied before (drift) does not. */
export function createJitter(longestMs: number, random: () => number): Jitter {
  let drawn: { readonly revision: string; readonly until: Date } | undefined;

  return {
    notBefore(revision, { appliedRevision }, now) {
      if (longestMs === 0 || revision === appliedRevision) {
        return undefined;
      }
      if (drawn?.revision !== revision) {
        drawn = { revision, until: new Date(now.getTime() + random() * longestMs) };
      }
      return drawn.until;
    },
  };
}
