// The two kinds of machine that a node can be.

import type { Outcome, RunOptions } from '../build/run.ts';
import type { Image } from '../images/image-build.ts';
import type { ProcessId } from '../host/processes.ts';
import type { BedRecord, NodeRecord } from '../lifecycle/record.ts';
import type { Log } from '../util/progress.ts';
import type { NodeFiles } from './files.ts';
import type { NodePlan } from './node-files.ts';

export interface Machine {
  /** Makes the disk of a node that has never been on, with the bed's images and the plan's files. Returns what the record keeps. */
  makeDisk(making: Making, log: Log): Promise<Pick<NodeRecord, 'accelerator'>>;
  /** Starts the machine; calls `onSupervisor` with its process before anything else can fail. Its system starts meanwhile. */
  powerOn(
    node: NodeRecord,
    bed: Pick<BedRecord, 'bridge' | 'cgroups'>,
    logFolder: string,
    onSupervisor: (id: ProcessId) => void,
  ): Promise<void>;
  /** Returns whether commands can be run in it, or soon can. */
  isOn(node: NodeRecord): boolean;
  /** Shuts the system down, and cuts the power after `graceMs`; 0: at once. Leaves no process and no control group. */
  powerOff(node: NodeRecord, graceMs: number): Promise<void>;
  /** Runs a command as root with the environment of a service; throws while the node is off. */
  exec(node: NodeRecord, argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** `record` returns the node as it is now. */
  files(record: () => NodeRecord): NodeFiles;
  /** Imports an image into the containerd of a node that is on. */
  importImage(node: NodeRecord, image: Image): Promise<void>;
}

export interface Making {
  readonly node: NodeRecord;
  readonly bed: BedRecord;
  /** The kubelet's binary. */
  readonly kubelet: string;
  readonly plan: NodePlan;
}

/** Throws unless the node is on. */
export function requireOn(machine: Pick<Machine, 'isOn'>, node: NodeRecord): void {
  if (!machine.isOn(node))
    throw new Error(`Expected the node ${node.spec.name} to be powered on, but it is off.`);
}
