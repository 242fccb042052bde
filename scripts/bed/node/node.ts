// One node of a bed, as tests use it.

import { nodeAddress } from '../network/addresses.ts';
import { inNode, requireLeader } from './in-node.ts';
import type { NodeSpec } from './layouts.ts';
import { leaderOf } from './leader.ts';
import { powerOff } from './machine.ts';
import { bootNode, currentNode, currentRecord } from './node-make.ts';
import { rootFolder } from './overlay.ts';
import { updateNode } from '../lifecycle/record.ts';
import type { NodeRecord } from '../lifecycle/record.ts';
import type { Outcome, RunOptions } from '../build/run.ts';

export interface BedNode {
  readonly name: string;
  readonly address: string;
  readonly spec: NodeSpec;
  /** The id of the node's PID 1 as seen from here; throws while the node is off. */
  readonly leader: number;
  /** Runs a command in all of the node's namespaces, as root with a service's environment. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Returns this machine's path of the node's file, to read and write its bytes; while the node is off, only files on disk exist. */
  path(hostPath: string): string;
  /** Shuts the node down through systemd. */
  powerOff(): Promise<void>;
  /** Cuts the node's power. */
  kill(): Promise<void>;
  /** Resolves when the node's containerd and kubelet run. */
  boot(): Promise<void>;
}

/** Long enough for pods to end and for systemd to kill the rest (after 15 s). */
const POWER_OFF_MS = 40_000;

/** Returns a handle that reads the bed's record at each call, so it stays valid when another process turns the node off or on. */
export function nodeHandle(bed: string, name: string): BedNode {
  const record = (): NodeRecord => currentNode(bed, name);
  const off = async (graceMs: number): Promise<void> => {
    await powerOff(record(), graceMs);
    updateNode(bed, name, ({ supervisor: _off, ...rest }) => rest);
  };
  return {
    name,
    address: nodeAddress(currentRecord(bed).slot, record().index),
    spec: record().spec,
    get leader() {
      return requireLeader(record());
    },
    exec: (argv, options) => inNode(record(), argv, options),
    path: (hostPath) => {
      const leader = leaderOf(record());
      const root = leader === undefined ? rootFolder(record().folder) : `/proc/${leader.pid}/root`;
      return `${root}${hostPath}`;
    },
    powerOff: () => off(POWER_OFF_MS),
    kill: () => off(0),
    boot: () => bootNode(bed, name),
  };
}
