// Facts of the machine that are needed to judge a bench's figures.

import { availableParallelism, loadavg, release } from 'node:os';

export interface Machine {
  readonly cpus: number;
  readonly kernel: string;
  readonly kubernetes: string;
  /** The 1-minute load when it was read; before the first round it is the load of other processes. */
  readonly loadBefore: number;
}

/** Returns the facts of this machine now. */
export function thisMachine(kubernetes: string): Machine {
  return { cpus: availableParallelism(), kernel: release(), kubernetes, loadBefore: loadOfMinute() };
}

/** Returns the machine's 1-minute load average. */
export function loadOfMinute(): number {
  return loadavg()[0] ?? 0;
}
