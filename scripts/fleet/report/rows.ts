// The rows of a result: figures beside their aims, one column for each fleet.

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

export const whole = (value: number): string => value.toFixed(0);
export const one = (value: number): string => value.toFixed(1);
export const two = (value: number): string => value.toFixed(2);
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
/** Formats bytes as MB of 10⁶ bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
