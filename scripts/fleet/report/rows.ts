// The rows of a result: figures beside their aims, one column for each fleet.

import { spreadOf } from '../../bench/report/statistics.ts';
import type { CoordinatorFigures } from './figures.ts';

/** One line of the result. */
export interface FleetRow {
  readonly what: string;
  /** One entry for each fleet. */
  readonly measured: readonly string[];
  /** undefined for a figure without an aim. */
  readonly aim: string | undefined;
  /** Sizes of the fleets that miss the aim. */
  readonly missedAt: readonly number[];
}

interface Sized {
  readonly nodes: number;
}

type RowMaker<Fleet> = (
  what: string,
  value: (fleet: Fleet) => number,
  text: (value: number) => string,
  most?: number,
) => FleetRow;

/** Returns what makes one row: its name, its value for each fleet, how to print it, and the largest value that meets the aim. */
export function rowsFor<Fleet extends Sized>(fleets: readonly Fleet[]): RowMaker<Fleet> {
  return (what, value, text, most) => ({
    what,
    measured: fleets.map((fleet) => text(value(fleet))),
    aim: most === undefined ? undefined : `≤ ${text(most)}`,
    missedAt: fleets.flatMap((fleet) => (most !== undefined && value(fleet) > most ? [fleet.nodes] : [])),
  });
}

interface CoordinatorAims {
  /** Peak resident memory. */
  readonly coordinatorBytes: number;
  readonly decisionMs: number;
}

/** Returns the rows of the coordinator: memory, one decision, its metrics. */
export function coordinatorRows<Fleet extends Sized & { readonly coordinator: CoordinatorFigures }>(
  row: RowMaker<Fleet>,
  aims: CoordinatorAims,
): readonly FleetRow[] {
  return [
    row(
      'Memory of the coordinator',
      ({ coordinator }) => coordinator.peakBytes,
      megabytes,
      aims.coordinatorBytes,
    ),
    row(
      'One decision',
      ({ coordinator }) => spreadOf(coordinator.decisionMs).median,
      milliseconds,
      aims.decisionMs,
    ),
    row(
      'Largest answer of /metrics',
      ({ coordinator }) => spreadOf(coordinator.scrapes.map(({ bytes }) => bytes)).max,
      kilobytes,
    ),
    row(
      'One scrape of it',
      ({ coordinator }) => spreadOf(coordinator.scrapes.map(({ ms }) => ms)).median,
      milliseconds,
    ),
  ];
}

export const whole = (value: number): string => value.toFixed(0);
export const one = (value: number): string => value.toFixed(1);
export const two = (value: number): string => value.toFixed(2);
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
/** Formats bytes as MB of 10⁶ bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
