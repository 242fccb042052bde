// The status of beds, for people.

import { adminConfig } from '../control-plane/control-plane.ts';
import type { Layout } from '../node/layouts.ts';
import { consoleSocket } from '../node/vm/vm.ts';
import { isAlive } from '../host/processes.ts';
import { readyNodes } from '../control-plane/ready.ts';
import { bedFolder, bedNames, isLive, readRecord } from './record.ts';
import type { BedRecord, Lifetime } from './record.ts';

export interface NodeStatus {
  readonly name: string;
  readonly layout: Layout;
  readonly kubelet: string;
  readonly state: 'Ready' | 'NotReady' | 'off';
  /** A virtual machine's serial console, a socket with a root shell: `socat - UNIX-CONNECT:PATH`. */
  readonly console?: string;
}

export interface BedStatus {
  readonly name: string;
  /** dead: no longer in use, to be removed. */
  readonly state: 'up' | 'starting' | 'dead';
  readonly lifetime: Lifetime;
  readonly version: string;
  readonly kubeconfig: string;
  readonly nodes: readonly NodeStatus[];
}

/** Returns all beds of this user by name, or the one of that name. */
export async function bedStatuses(name?: string): Promise<readonly BedStatus[]> {
  const records = bedNames()
    .filter((each) => name === undefined || each === name)
    .map(readRecord)
    .filter((record) => record !== undefined);
  return Promise.all(records.map(statusOf));
}

async function statusOf(record: BedRecord): Promise<BedStatus> {
  const ready = isLive(record) ? await readyNodes(record.name) : [];
  return {
    name: record.name,
    state: isLive(record) ? record.state : 'dead',
    lifetime: record.lifetime,
    version: record.version,
    kubeconfig: adminConfig(bedFolder(record.name)),
    nodes: record.nodes.map(({ spec, version, supervisor, machine }) => ({
      name: spec.name,
      layout: spec.layout,
      ...(spec.machine === 'vm' ? { console: consoleSocket(machine) } : {}),
      kubelet: version,
      state: isAlive(supervisor) ? (ready.includes(spec.name) ? 'Ready' : 'NotReady') : 'off',
    })),
  };
}
