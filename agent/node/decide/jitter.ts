// A random delay for nodes that change without a coordinator, so that a fleet does not restart all its kubelets at once.

import type { AgentState } from '../state/state-store.ts';

export interface Jitter {
  /** Returns the instant before which the change to `revision` must not begin; undefined: begin at once. */
  notBefore(revision: string, agentState: AgentState, now: Date): Date | undefined;
}

/** A revision that is new on this node waits a random part of `longestMs`; a revision that is already applied (drift) does not wait. */
export function createJitter(longestMs: number, random: () => number): Jitter {
  let chosen: { readonly revision: string; readonly until: Date } | undefined;

  return {
    notBefore(revision, { appliedRevision }, now) {
      if (longestMs === 0 || revision === appliedRevision) {
        return undefined;
      }
      if (chosen?.revision !== revision) {
        chosen = { revision, until: new Date(now.getTime() + random() * longestMs) };
      }
      return chosen.until;
    },
  };
}
