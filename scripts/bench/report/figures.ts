// The figures of one run of the bench, with units.

import type { Machine } from '../measure/machine.ts';

export interface Figures {
  readonly machine: Machine & { readonly cgroupVersion: 1 | 2 };
  readonly change: ChangeFigures;
  /** From the hand edit to the drift annotation. */
  readonly driftMs: readonly number[];
  readonly live: LiveFigures;
}

/** One entry for each round, in order. */
export interface ChangeFigures {
  readonly byHandMs: readonly number[];
  /** From the PATCH of the ConfigMap to the Node's annotations that show the new list. */
  readonly agentMs: readonly number[];
  /** Time without a healthy kubelet, in the same rounds: from the last good answer of healthz to the next one. */
  readonly byHandUnhealthyMs: readonly number[];
  readonly agentUnhealthyMs: readonly number[];
}

/** The agent's container on the measured node, after all rounds. */
export interface LiveFigures {
  readonly lifeSeconds: number;
  readonly anonymousBytes: number;
  readonly residentBytes: number;
  readonly workingSetBytes: number;
  /** Peak memory of the container, including the commands of its changes. */
  readonly peakBytes: number | undefined;
  readonly idleSeconds: number;
  /** CPU time of the container in the idle window, including the probes. */
  readonly idleCpuSeconds: number;
  /** API requests of this agent in the idle window. */
  readonly idleRequests: number;
  readonly idleWrites: number;
}
