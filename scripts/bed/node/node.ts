// One node of a bed, as tests use it.

import { requireLeader } from './container/in-container.ts';
import type { NodeFiles } from './files.ts';
import type { NodeSpec } from './layouts.ts';
import { inNode, machineOf } from './machines.ts';
import { bootNode, currentNode, rebootNode, slownessOf } from './node-make.ts';
import { updateNode } from '../lifecycle/record.ts';
import type { NodeRecord } from '../lifecycle/record.ts';
import type { Outcome, RunOptions } from '../build/run.ts';

export interface BedNode {
  readonly name: string;
  readonly address: string;
  readonly spec: NodeSpec;
  /** Waits for it take this many times as long as for a container, for which it is 1. */
  readonly slowness: number;
  /** While the node is off: those of a container's disk; a virtual machine's cannot be read. */
  readonly files: NodeFiles;
  /** Runs a command in the node, as root with a service's environment. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Shuts the node down through systemd. */
  powerOff(): Promise<void>;
  /** Cuts the node's power. A virtual machine loses what its kernel had not yet written. */
  kill(): Promise<void>;
  /** Resolves when the node's containerd and kubelet run. */
  boot(): Promise<void>;
  /** Restarts the node through systemd; resolves when its containerd and kubelet run again. */
  reboot(): Promise<void>;
}

/** A node whose processes and files this machine sees. */
export interface ContainerNode extends BedNode {
  /** The id of the node's PID 1 as seen from here; throws while the node is off. */
  readonly leader: number;
}

/** Long enough for pods to end and for systemd to kill the rest (after 15 s). */
const POWER_OFF_MS = 40_000;

/** Returns a handle that reads the bed's record at each call, so it stays valid when another process turns the node off or on. */
export function nodeHandle(bed: string, name: string): BedNode {
  const record = (): NodeRecord => currentNode(bed, name);
  const off = async (graceMs: number): Promise<void> => {
    await machineOf(record()).powerOff(record(), graceMs * slownessOf(record()));
    updateNode(bed, name, ({ supervisor: _off, ...rest }) => rest);
  };
  const machine = machineOf(record());
  const node = {
    name,
    address: record().address,
    spec: record().spec,
    slowness: slownessOf(record()),
    files: machine.files(record),
    exec: (argv: readonly string[], options?: RunOptions) => inNode(record(), argv, options),
    powerOff: () => off(POWER_OFF_MS),
    kill: () => off(0),
    boot: () => bootNode(bed, name),
    reboot: () => rebootNode(bed, name),
  };
  if (record().spec.machine === 'vm') return node;
  return {
    ...node,
    get leader() {
      return requireLeader(record());
    },
  };
}

/** Throws unless the node is a container: for what reads the node's processes or files from this machine. */
export function asContainer(node: BedNode): ContainerNode {
  if (isContainer(node)) return node;
  throw new Error(`Expected the node ${node.name} to be a container, got a virtual machine.`);
}

function isContainer(node: BedNode): node is ContainerNode {
  return 'leader' in node;
}
