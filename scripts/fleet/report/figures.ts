// Everything that one run of the fleet's bench measures, in plain units.

import type { Machine } from '../../bench/measure/machine.ts';
import type { Usage } from '../coordinator/process-figures.ts';
import type { Requests } from '../api/requests.ts';

export interface Figures {
  readonly machine: Machine;
  readonly pace: { readonly soakSeconds: number; readonly nodeSoakSeconds: number };
  readonly single: SingleFigures;
  /** One entry a fleet, in the order of the options. */
  readonly fleets: readonly FleetFigures[];
  readonly others: OtherFigures;
}

/** One node alone without a coordinator, from the edit to Done; one entry a round. */
export interface SingleFigures {
  /** With the policy's nodeSoakSeconds. */
  readonly nodeMs: readonly number[];
  /** With nodeSoakSeconds 0. */
  readonly unsoakedMs: readonly number[];
}

export interface FleetFigures {
  readonly nodes: number;
  /** What maxUnavailable comes to. */
  readonly slots: number;
  /** From the edit until every node was Done. */
  readonly rolloutMs: number;
  readonly idealMs: number;
  /** Of the rollout, in all. */
  readonly requests: Requests;
  /** Of the agents in the rollout, in all: HTTP without TLS's own. */
  readonly bytes: number;
  readonly connections: number;
  readonly idle: { readonly seconds: number; readonly requests: Requests };
  readonly coordinator: CoordinatorFigures;
  /** What the bench itself needs for it. */
  readonly harness: HarnessFigures;
}

export interface CoordinatorFigures extends Usage {
  /** Calls of the decision about the fleet, every other node of which still waits. */
  readonly decisionMs: readonly number[];
}

export interface HarnessFigures {
  readonly makeMs: number;
  readonly agents: { readonly residentBytes: number; readonly cpuSeconds: number };
  readonly apiServer: Usage;
  /** CPU of the API server in the rollout. */
  readonly apiServerCpuSeconds: number;
  readonly warnings: Readonly<Record<string, number>>;
}

/** Other ways to pace the same change over the smallest fleet. */
export interface OtherFigures {
  readonly nodes: number;
  /** Each begun by an edit when the one before was Done; no approval, no canary. */
  readonly waves: { readonly ms: number; readonly idealMs: number };
  /** One node after the other by the coordinator, with nodeSoakSeconds 0. */
  readonly oneAtATime: { readonly ms: number; readonly idealMs: number };
}
