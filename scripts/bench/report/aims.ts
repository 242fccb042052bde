// The project's aims beside the measured figures.

import type { Figures } from './figures.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** One line of the result. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** undefined for a figure without an aim. */
  readonly aim: string | undefined;
  /** undefined for a figure without an aim. */
  readonly met: boolean | undefined;
}

const AIMS = {
  changeRatio: 1.5,
  unhealthyRatio: 1.05,
  driftMs: 300,
  anonymousBytes: 30e6,
  workingSetBytes: 48 * 1024 * 1024,
  idleMillicores: 1,
  requestsPerHour: 30,
  writesPerHour: 0,
} as const;

const HOUR_SECONDS = 3600;

export function rowsOf(figures: Figures): readonly Row[] {
  const { change, driftMs, live } = figures;
  const byHand = spreadOf(change.byHandMs);
  const agent = spreadOf(change.agentMs);
  const byHandUnhealthy = spreadOf(change.byHandUnhealthyMs);
  const agentUnhealthy = spreadOf(change.agentUnhealthyMs);
  const drift = spreadOf(driftMs);
  const millicores = (live.idleCpuSeconds / live.idleSeconds) * 1000;
  const perHour = HOUR_SECONDS / live.idleSeconds;
  const requests = live.idleRequests * perHour;
  const writes = live.idleWrites * perHour;
  const window = `over ${live.idleSeconds.toFixed(0)} s`;
  return [
    figure('By hand: write, restart, healthz', milliseconds(byHand)),
    figure('ConfigMap edit → Node shows the proven list', milliseconds(agent)),
    ratioRow('Ratio of the medians', [agent, byHand], AIMS.changeRatio),
    figure('Without a healthy kubelet: systemctl restart by hand', milliseconds(byHandUnhealthy)),
    figure('Without a healthy kubelet: change by the agent', milliseconds(agentUnhealthy)),
    ratioRow(
      'Ratio of the medians without a healthy kubelet',
      [agentUnhealthy, byHandUnhealthy],
      AIMS.unhealthyRatio,
    ),
    aimed(
      'Hand edit → drift annotation',
      milliseconds(drift),
      `≤ ${AIMS.driftMs} ms`,
      drift.max <= AIMS.driftMs,
    ),
    aimed(
      'Anonymous memory',
      megabytes(live.anonymousBytes),
      `≤ ${megabytes(AIMS.anonymousBytes)}`,
      live.anonymousBytes <= AIMS.anonymousBytes,
    ),
    figure('Resident memory, with the pages of the node binary', megabytes(live.residentBytes)),
    aimed(
      "Working set of the container's cgroup",
      mebibytes(live.workingSetBytes),
      `≤ ${mebibytes(AIMS.workingSetBytes)}`,
      live.workingSetBytes <= AIMS.workingSetBytes,
    ),
    ...(live.peakBytes === undefined
      ? []
      : [figure('The most that cgroup ever held, commands of changes included', mebibytes(live.peakBytes))]),
    aimed(
      'CPU when idle, probes included',
      `${millicores.toFixed(2)} millicores (${window})`,
      `≤ ${AIMS.idleMillicores} millicore`,
      millicores <= AIMS.idleMillicores,
    ),
    aimed(
      'API requests in an idle hour',
      `${requests.toFixed(0)} (${live.idleRequests} ${window})`,
      `≤ ${AIMS.requestsPerHour}`,
      requests <= AIMS.requestsPerHour,
    ),
    aimed(
      'of them writes',
      `${writes.toFixed(0)} (${live.idleWrites} ${window})`,
      `${AIMS.writesPerHour}`,
      writes <= AIMS.writesPerHour,
    ),
  ];
}

function ratioRow(what: string, [ours, theirs]: readonly [Spread, Spread], most: number): Row {
  const ratio = ours.median / theirs.median;
  return aimed(what, ratio.toFixed(2), `≤ ${most}`, ratio <= most);
}

function figure(what: string, measured: string): Row {
  return { what, measured, aim: undefined, met: undefined };
}

function aimed(what: string, measured: string, aim: string, met: boolean): Row {
  return { what, measured, aim, met };
}

function milliseconds({ median, min, max, count }: Spread): string {
  return `${median.toFixed(0)} ms (${min.toFixed(0)}–${max.toFixed(0)}, ${count} rounds)`;
}

/** Formats bytes as MB of 10⁶ bytes; /proc's kB are 1024 bytes. */
function megabytes(bytes: number): string {
  return `${round(bytes / 1e6)} MB`;
}

function mebibytes(bytes: number): string {
  return `${round(bytes / (1024 * 1024))} MiB`;
}

function round(value: number): string {
  return Number(value.toFixed(1)).toString();
}
