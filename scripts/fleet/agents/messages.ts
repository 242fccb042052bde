// The messages between the bench and the processes that run its agents.

import type { Place } from '../../bed/control-plane/admin.ts';

export interface MakeNodes {
  readonly kind: 'make';
  readonly place: Place;
  /** The local address of the agents' connections. */
  readonly localAddress: string;
  /** The first node's number in the fleet, from 0. */
  readonly first: number;
  readonly count: number;
  /** Number of nodes made at a time. */
  readonly parallel: number;
  readonly allowances: readonly string[];
}

/** Replaces the agents of all nodes of the process. */
export interface ReplaceAgents {
  readonly kind: 'replace';
  /** Number of agents replaced at a time. */
  readonly parallel: number;
}

export interface AskTally {
  readonly kind: 'tally';
  readonly id: number;
  /** In the format of the annotation `running`. */
  readonly wanted: string;
}

export type ToAgents = MakeNodes | ReplaceAgents | AskTally;

/** Progress of the nodes of one process, and what its agents have used since its start. */
export interface Tally {
  /** Number of nodes whose agent has reported once. */
  readonly made: number;
  /** Number of nodes that are Done with the wanted list. */
  readonly done: number;
  /** Epoch ms at which the agent saw its Node Done, one entry for each Done node. */
  readonly doneAt: readonly number[];
  readonly states: Readonly<Record<string, number>>;
  readonly traffic: Traffic;
  readonly residentBytes: number;
  /** CPU time of the process, in seconds. */
  readonly cpuSeconds: number;
  /** Warnings of agents and kubelets, with their counts. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** What the agents of one process have exchanged with the API server. */
export interface Traffic {
  /** HTTP bytes in both directions, without the overhead of TLS. */
  readonly bytes: number;
  readonly connections: number;
}

export type FromAgents =
  /** The nodes are made, or the agents replaced. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'tally'; readonly id: number; readonly tally: Tally };

export const NO_TALLY: Tally = {
  made: 0,
  done: 0,
  doneAt: [],
  states: {},
  traffic: { bytes: 0, connections: 0 },
  residentBytes: 0,
  cpuSeconds: 0,
  warnings: {},
};

/** Returns the sum of several processes' tallies. */
export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      made: sum.made + tally.made,
      done: sum.done + tally.done,
      doneAt: [...sum.doneAt, ...tally.doneAt],
      states: added(sum.states, tally.states),
      traffic: {
        bytes: sum.traffic.bytes + tally.traffic.bytes,
        connections: sum.traffic.connections + tally.traffic.connections,
      },
      residentBytes: sum.residentBytes + tally.residentBytes,
      cpuSeconds: sum.cpuSeconds + tally.cpuSeconds,
      warnings: added(sum.warnings, tally.warnings),
    }),
    NO_TALLY,
  );
}

function added(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum = { ...one };
  for (const [key, count] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
