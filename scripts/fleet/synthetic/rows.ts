// The aims of the largest fleets beside the measured figures.

import { spreadOf } from '../../bench/report/statistics.ts';
import {
  coordinatorRows,
  type FleetRow,
  kilobytes,
  megabytes,
  milliseconds,
  one,
  rowsFor,
  seconds,
  two,
  whole,
} from '../report/rows.ts';
import type { SyntheticFigures } from './figures.ts';

const AIMS = {
  ratio: 1.15,
  requests: 6,
  coordinatorBytes: 256e6,
  decisionMs: 250,
  startMs: 20_000,
  /** The Lease of a killed leader is free after 15 s, and the other one reads it every 5 to 7 s; then it starts. */
  leaderMs: 42_000,
} as const;

export function syntheticRows(figures: SyntheticFigures): readonly FleetRow[] {
  const row = rowsFor([figures]);
  return [
    row('Start → first decision', ({ startMs }) => startMs, seconds, AIMS.startMs),
    ...rolloutRows(figures, '10% at a time', ({ tenth }) => tenth),
    ...rolloutRows(figures, '100 at a time', ({ hundred }) => hundred),
    row('Expired watch → approvals continue', ({ relistMs }) => relistMs, seconds, AIMS.startMs),
    row('Leader killed → the other approves', ({ leaderMs }) => leaderMs, seconds, AIMS.leaderMs),
    ...coordinatorRows(row, AIMS),
  ];
}

function rolloutRows(
  figures: SyntheticFigures,
  title: string,
  of: (figures: SyntheticFigures) => SyntheticFigures['tenth'],
): readonly FleetRow[] {
  const row = rowsFor([figures]);
  const seen = (value: (rollout: SyntheticFigures['tenth']) => number) => (all: SyntheticFigures) =>
    value(of(all));
  const { slots } = of(figures);
  return [
    row(
      `${title}: nodes that change`,
      seen(({ nodes }) => nodes),
      whole,
    ),
    row(
      'most at the same time',
      seen(({ mostAtATime }) => mostAtATime),
      whole,
      slots,
    ),
    row(
      'edit → every node Done',
      seen(({ ms }) => ms),
      seconds,
    ),
    row(
      'ideal',
      seen(({ idealMs }) => idealMs),
      seconds,
    ),
    row(
      'ratio',
      seen(({ ms, idealMs }) => ms / idealMs),
      two,
      AIMS.ratio,
    ),
    row(
      "the coordinator's requests per changed node",
      seen(({ requests, nodes }) => requests / nodes),
      two,
      AIMS.requests,
    ),
    row(
      'its bytes per changed node',
      seen(({ bytes, nodes }) => bytes / nodes),
      kilobytes,
    ),
    row(
      'its CPU time, in seconds',
      seen(({ cpuSeconds }) => cpuSeconds),
      one,
    ),
  ];
}

export function syntheticText({ machine, pace, server, coordinator }: SyntheticFigures): string {
  const { min, max } = spreadOf(coordinator.decisionMs);
  return (
    `${machine.cpus} CPUs, Linux ${machine.kernel}, load ${machine.loadBefore.toFixed(2)} before. soakSeconds ${pace.soakSeconds}, ` +
    `nodeSoakSeconds ${pace.nodeSoakSeconds}. Decisions ${milliseconds(min)}–${milliseconds(max)}. ` +
    `The synthetic cluster took ${one(server.cpuSeconds)} s of CPU and ${megabytes(server.peakBytes)}.`
  );
}
