// The figures of one run of the fleet bench, with units.

import type { Machine } from '../../bench/measure/machine.ts';
import type { Scrape } from '../coordinator/scrapes.ts';
import type { Usage } from '../coordinator/process-figures.ts';
import type { Requests } from '../api/requests.ts';

export interface Figures {
  readonly machine: Machine;
  readonly pace: { readonly soakSeconds: number; readonly nodeSoakSeconds: number };
  readonly single: SingleFigures;
  /** One entry for each fleet, in the order of the options. */
  readonly fleets: readonly FleetFigures[];
  readonly others: OtherFigures;
}

/** One node alone without a coordinator, from the edit to Done; one entry for each round. */
export interface SingleFigures {
  /** With the policy's nodeSoakSeconds. */
  readonly nodeMs: readonly number[];
  /** With nodeSoakSeconds 0. */
  readonly unsoakedMs: readonly number[];
}

export interface FleetFigures {
  readonly nodes: number;
  /** maxUnavailable as a number of nodes. */
  readonly slots: number;
  /** From the edit until every node was Done. */
  readonly rolloutMs: number;
  readonly idealMs: number;
  /** All requests during the rollout. */
  readonly requests: Requests;
  /** All HTTP bytes of the agents during the rollout, without the overhead of TLS. */
  readonly bytes: number;
  readonly connections: number;
  readonly idle: { readonly seconds: number; readonly requests: Requests };
  /** An update of the DaemonSet: every agent is replaced, `slots` at a time. */
  readonly upgrade: { readonly ms: number; readonly requests: Requests; readonly bytes: number };
  readonly coordinator: CoordinatorFigures;
  /** What the bench itself uses. */
  readonly harness: HarnessFigures;
}

export interface CoordinatorFigures extends Usage {
  /** Durations of the decision while every other node waits. */
  readonly decisionMs: readonly number[];
  /** Scrapes of the leader's metrics, from its first second to the end of the idle window. */
  readonly scrapes: readonly Scrape[];
}

export interface HarnessFigures {
  readonly makeMs: number;
  readonly agents: { readonly residentBytes: number; readonly cpuSeconds: number };
  readonly apiServer: Usage;
  /** CPU time of the API server during the rollout. */
  readonly apiServerCpuSeconds: number;
  readonly warnings: Readonly<Record<string, number>>;
}

/** Other ways to pace the same change over the smallest fleet. */
export interface OtherFigures {
  readonly nodes: number;
  /** Each wave starts by an edit when the one before is Done; no approval, no canary. */
  readonly waves: { readonly ms: number; readonly idealMs: number };
  /** One node after the other by the coordinator, with nodeSoakSeconds 0. */
  readonly oneAtATime: { readonly ms: number; readonly idealMs: number };
}
