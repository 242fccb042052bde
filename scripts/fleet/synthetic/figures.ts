// The figures of one synthetic run, with units.

import type { Machine } from '../../bench/measure/machine.ts';
import type { Usage } from '../coordinator/process-figures.ts';
import type { CoordinatorFigures, Figures } from '../report/figures.ts';

export interface SyntheticFigures {
  readonly machine: Machine;
  readonly pace: Figures['pace'];
  readonly nodes: number;
  /** From the start of the coordinator's processes to the status of the first decision. */
  readonly startMs: number;
  /** Every node, 10% at a time. */
  readonly tenth: RolloutFigures;
  /** A part of the nodes, 100 at a time. */
  readonly hundred: RolloutFigures;
  /** From the expiry of the watch to the first approval after the list. */
  readonly relistMs: number;
  /** From the end of the leader, by SIGKILL, to the first approval of the other. */
  readonly leaderMs: number;
  /** Of the leader; its peak is that of the largest process at any time. */
  readonly coordinator: CoordinatorFigures;
  /** The synthetic cluster's process. */
  readonly server: Usage;
}

export interface RolloutFigures {
  /** Nodes that changed. */
  readonly nodes: number;
  readonly slots: number;
  /** The most nodes that changed at the same time. */
  readonly mostAtATime: number;
  readonly ms: number;
  readonly idealMs: number;
  /** The coordinators', the watches' included. */
  readonly requests: number;
  readonly bytes: number;
  /** CPU time of the leader. */
  readonly cpuSeconds: number;
}
