// The fleet's aims beside the measured figures, one column for each fleet.

import type { Figures, FleetFigures } from './figures.ts';
import { coordinatorRows, type FleetRow, kilobytes, one, rowsFor, seconds, two, whole } from './rows.ts';

const AIMS = {
  ratio: 1.15,
  requests: 6,
  coordinatorBytes: 150e6,
  decisionMs: 50,
  idleRequests: 30,
} as const;

const HOUR_SECONDS = 3600;
/** The agent's three watches end after 30 to 60 minutes (agent/cluster/watch/watch-loop.ts), longer than the window. */
const WATCHES_AN_HOUR = (3 * HOUR_SECONDS) / 2700;

export function rowsOf({ fleets }: Pick<Figures, 'fleets'>): readonly FleetRow[] {
  const row = rowsFor(fleets);
  return [
    row('Nodes at a time (maxUnavailable 10%)', ({ slots }) => slots, whole),
    row('Edit → every node Done', ({ rolloutMs }) => rolloutMs, seconds),
    row('Ideal: canary, soak, waves × one node', (fleet) => fleet.idealMs, seconds),
    row('Ratio', ({ rolloutMs, idealMs }) => rolloutMs / idealMs, two, AIMS.ratio),
    row('API requests per node and change', (fleet) => requestsPerNode(fleet), one, AIMS.requests),
    row('of them of the coordinator', ({ nodes, requests }) => requests.coordinator / nodes, two),
    row('Bytes per node and change', ({ nodes, bytes }) => bytes / nodes, kilobytes),
    ...coordinatorRows(row, AIMS),
    row('API requests per node in an idle hour', (fleet) => idlePerHour(fleet), one, AIMS.idleRequests),
    row(
      'of them of the coordinator',
      ({ nodes, idle }) => hourly(idle.requests.coordinator, idle) / nodes,
      one,
    ),
    row('Update of the DaemonSet, as many agents at a time', ({ upgrade }) => upgrade.ms, seconds),
    row(
      'API requests for one agent',
      ({ nodes, upgrade }) => (upgrade.requests.agents + upgrade.requests.coordinator) / nodes,
      one,
    ),
    row('of all: refused for now (429)', ({ upgrade }) => upgrade.requests.refused, whole),
    row('Bytes for one agent', ({ nodes, upgrade }) => upgrade.bytes / nodes, kilobytes),
  ];
}

/** Returns the requests of agents and coordinator for each node. */
export function requestsPerNode({ nodes, requests }: FleetFigures): number {
  return (requests.agents + requests.coordinator) / nodes;
}

/** Returns requests per node and hour: those in the window, and the watches' reconnects, which are rarer than the window is long. */
export function idlePerHour({ nodes, idle }: FleetFigures): number {
  const { agents, coordinator } = idle.requests;
  return hourly(agents + coordinator, idle) / nodes + WATCHES_AN_HOUR;
}

function hourly(count: number, { seconds: window }: FleetFigures['idle']): number {
  return (count * HOUR_SECONDS) / window;
}
