// What a person must know of the machine to judge the figures of a bench.

import { availableParallelism, loadavg, release } from 'node:os';

export interface Machine {
  readonly cpus: number;
  readonly kernel: string;
  readonly kubernetes: string;
  /** The 1-minute load when it was asked for: of others, when nothing of ours has run for long. */
  readonly loadBefore: number;
}

/** This machine as it is now. */
export function thisMachine(kubernetes: string): Machine {
  return { cpus: availableParallelism(), kernel: release(), kubernetes, loadBefore: loadOfMinute() };
}

/** The machine's load in the last minute. */
export function loadOfMinute(): number {
  return loadavg()[0] ?? 0;
}
