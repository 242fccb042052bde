// Makes a node: its entry in the record, its disk, its first boot.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiServer, nodeAddress } from '../network/addresses.ts';
import { cgroupFolders, hierarchies } from '../host/cgroups.ts';
import { pauseImage } from '../images/images.ts';
import { kubernetesBinary } from '../build/kubernetes.ts';
import type { NodeSpec } from './layouts.ts';
import { inNode, machineOf } from './machines.ts';
import type { Making } from './machine.ts';
import { connectPods } from '../network/network.ts';
import type { NodePlan } from './node-files.ts';
import { issue, kubeconfig, pkiFolder } from '../control-plane/pki.ts';
import { until } from '../util/until.ts';
import { isAlive } from '../host/processes.ts';
import type { Log } from '../util/progress.ts';
import { bedFolder, readRecord, updateNode, updateRecord } from '../lifecycle/record.ts';
import type { BedRecord, NodeRecord } from '../lifecycle/record.ts';

const MAX_NODES = 99;
/** Systemd ends a service that does not stop after 15 s. */
const REBOOT_TIMEOUT_MS = 60_000;
const BOOT_TIMEOUT_MS = 60_000;
/** Node names that a kubelet accepts, short enough for a host name. */
const NODE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Makes and boots a node that is in the record; resolves when its services run; it has every image of the bed. The node becomes Ready later. */
export async function makeNode(bed: string, name: string, log: Log): Promise<void> {
  const node = currentNode(bed, name);
  await mkdir(node.folder, { recursive: true });
  const made = await machineOf(node).makeDisk(await making(currentRecord(bed), node, log), log);
  updateNode(bed, name, (current) => ({ ...current, ...made }));
  await bootNode(bed, name);
}

/** Powers a node on; resolves when its containerd and kubelet run. */
export async function bootNode(bed: string, name: string): Promise<void> {
  const node = currentNode(bed, name);
  if (isAlive(node.supervisor)) {
    throw new Error(`Expected the node ${name} to be off before it boots, but it is running.`);
  }
  const logs = join(bedFolder(bed), 'log');
  await machineOf(node).powerOn(node, currentRecord(bed), logs, (supervisor) =>
    updateNode(bed, name, (current) => ({ ...current, supervisor })),
  );
  await waitForSystem(currentNode(bed, name));
  await connectPods(currentRecord(bed), name);
}

/** Restarts a node that is on through its systemd; resolves when its containerd and kubelet run again. */
export async function rebootNode(bed: string, name: string): Promise<void> {
  const node = currentNode(bed, name);
  const before = await systemsStart(node);
  // The command may end with the system.
  await inNode(node, ['systemctl', 'reboot'], { reject: false });
  const timeoutMs = REBOOT_TIMEOUT_MS * slownessOf(node);
  const isAnother = async (): Promise<boolean> =>
    !['', before].includes(await systemsStart(node).catch(() => ''));
  if (!(await until(isAnother, { timeoutMs, everyMs: 100 }))) {
    throw new Error(
      `Expected the node ${name} to reboot within ${(timeoutMs / 1000).toFixed(0)} s, but it did not.`,
    );
  }
  await waitForSystem(node);
  await connectPods(currentRecord(bed), name);
}

/** Returns when the node's systemd started, which differs at every boot; empty when it does not answer. */
async function systemsStart(node: NodeRecord): Promise<string> {
  const show = ['systemctl', 'show', '--property', 'UserspaceTimestampMonotonic', '--value'];
  return (await inNode(node, show, { reject: false })).stdout;
}

/** Resolves when containerd serves and the kubelet has been started, even if it then fails. */
async function waitForSystem(node: NodeRecord): Promise<void> {
  const slowness = slownessOf(node);
  const timeoutMs = BOOT_TIMEOUT_MS * slowness;
  const booted = async (): Promise<boolean> => {
    const states = ['systemctl', 'is-active', 'containerd.service', 'kubelet.service'];
    const { stdout } = await inNode(node, states, { reject: false });
    const [containerd, kubelet] = stdout.split('\n').filter(Boolean);
    return containerd === 'active' && kubelet !== undefined && kubelet !== 'inactive';
  };
  // Each question takes processor time from the boot of a slow machine.
  if (await until(booted, { timeoutMs, everyMs: 150 * slowness })) return;
  const { stdout } = await inNode(node, ['systemctl', '--no-pager', '--failed'], { reject: false });
  throw new Error(
    `Expected containerd and the kubelet of ${node.spec.name} to run within ${(timeoutMs / 1000).toFixed(0)} s. ` +
      `See ${join(node.folder, '..', '..', 'log', `${node.spec.name}.log`)}.\n${stdout}`,
  );
}

/** Returns the factor by which the limits for this node are longer than written: 1 for a container. */
export function slownessOf({ accelerator }: Pick<NodeRecord, 'accelerator'>): number {
  return accelerator?.slowness ?? 1;
}

/** Throws when the bed is gone. */
export function currentRecord(bed: string): BedRecord {
  const record = readRecord(bed);
  if (record === undefined) throw new Error(`Expected a bed named ${bed}, but it was removed.`);
  return record;
}

/** Throws when the bed has no such node. */
export function currentNode(bed: string, name: string): NodeRecord {
  const { nodes } = currentRecord(bed);
  const node = nodes.find((each) => each.spec.name === name);
  if (node !== undefined) return node;
  const names = nodes.map((each) => each.spec.name).join(', ');
  throw new Error(`Expected one of the bed's nodes (${names}), got ${name}.`);
}

/** Adds a node to the record before anything of it exists. Throws when its name is invalid or taken, or the bed is full. */
export function enterNode(bed: string, spec: NodeSpec): void {
  const record = currentRecord(bed);
  if (!NODE_NAME.test(spec.name))
    throw new Error(`Expected a node name of a-z, 0-9 and -, got ${spec.name}.`);
  if (record.nodes.some((node) => node.spec.name === spec.name)) {
    throw new Error(
      `Expected a new node name in the bed ${bed}, got ${spec.name}, which exists. Remove that node first.`,
    );
  }
  const taken = new Set(record.nodes.map((node) => node.index));
  const index = Array.from({ length: MAX_NODES }, (_, place) => place + 1).find((place) => !taken.has(place));
  if (index === undefined) throw new Error(`Expected at most ${MAX_NODES} nodes in a bed.`);
  const machine = `ksa${record.slot}-${index}`;
  const node: NodeRecord = {
    spec,
    index,
    version: spec.kubelet ?? record.version,
    address: nodeAddress(record.slot, index),
    machine,
    folder: join(bedFolder(bed), 'nodes', spec.name),
    cgroups: cgroupFolders(machine),
  };
  updateRecord(bed, (current) => ({ ...current, nodes: [...current.nodes, node] }));
}

async function making(bed: BedRecord, node: NodeRecord, log: Log): Promise<Making> {
  const { name, machine } = node.spec;
  const folder = bedFolder(bed.name);
  const [kubelet, pause, identity, authority] = await Promise.all([
    kubernetesBinary('kubelet', node.version, log),
    pauseImage(log),
    issue(folder, `node-${name}`, { commonName: `system:node:${name}`, organisation: 'system:nodes' }),
    readFile(join(pkiFolder(folder), 'ca.crt'), 'utf8'),
  ]);
  const plan: NodePlan = {
    spec: node.spec,
    slot: bed.slot,
    index: node.index,
    version: node.version,
    cgroupVersion: machine === 'vm' ? 2 : hierarchies().version,
    kubeconfig: await kubeconfig(folder, apiServer(bed.slot), `system:node:${name}`, identity),
    authority,
    pause: pause.reference,
  };
  return { node, bed, kubelet, plan };
}
