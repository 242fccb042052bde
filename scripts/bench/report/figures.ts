// Everything that one run of the bench measures, in plain units.

import type { Machine } from '../measure/machine.ts';

export interface Figures {
  readonly machine: Machine & { readonly cgroupVersion: 1 | 2 };
  readonly change: ChangeFigures;
  /** From the write by hand to the drift annotation. */
  readonly driftMs: readonly number[];
  readonly live: LiveFigures;
}

/** One entry a round, in the order of the rounds. */
export interface ChangeFigures {
  readonly byHandMs: readonly number[];
  /** From the PATCH of the ConfigMap to the Node's annotations that say Done with the new list. */
  readonly agentMs: readonly number[];
  /** Without a healthy kubelet, in the same rounds: from the last good answer of healthz to the next one. */
  readonly byHandUnhealthyMs: readonly number[];
  readonly agentUnhealthyMs: readonly number[];
}

/** The agent's container on the node that was measured, after all that was done to it. */
export interface LiveFigures {
  readonly lifeSeconds: number;
  readonly anonymousBytes: number;
  readonly residentBytes: number;
  readonly workingSetBytes: number;
  /** The most that the container ever held, the commands of its changes included. */
  readonly peakBytes: number | undefined;
  readonly idleSeconds: number;
  /** CPU of the whole container in the idle window, the probes' processes included. */
  readonly idleCpuSeconds: number;
  /** Of this agent, in the idle window. */
  readonly idleRequests: number;
  readonly idleWrites: number;
}
