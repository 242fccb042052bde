// Removes a bed, given only its record, at any stage of its start.

import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { processesIn, removeCgroup } from '../host/cgroups.ts';
import { whileLocked } from './lock.ts';
import { machineOf } from '../node/machines.ts';
import { linksOn, removeBridge } from '../network/network.ts';
import { mountsBelow, unmountBelow } from '../node/container/overlay.ts';
import { bootId, endProcess, isAlive, signal } from '../host/processes.ts';
import { bedFolder, bedsFolder, readRecord } from './record.ts';
import type { BedRecord, NodeRecord } from './record.ts';
import { run } from '../build/run.ts';
import { restoreSettings } from '../node/settings.ts';

/** Services stop well within it; pods have no data to save. */
const DOWN_GRACE_MS = 2000;
const CONTROL_PLANE_GRACE_MS = 500;

/**
 * Removes everything a bed made; throws a LeftoversError when something could not be removed. Nodes have `graceMs` to power
 * off. Two processes may call it at once. With an `id`, it does not touch a later bed of the same name.
 */
export async function takeDown(
  name: string,
  { id, graceMs = DOWN_GRACE_MS }: TakeDownOptions = {},
): Promise<void> {
  await mkdir(bedsFolder(), { recursive: true });
  await whileLocked(
    join(bedsFolder(), 'down.lock'),
    () => {},
    async () => {
      const record = readRecord(name);
      if (record === undefined && id === undefined)
        await rm(bedFolder(name), { recursive: true, force: true });
      if (record !== undefined && (id ?? record.id) === record.id) await takeAllDown(record, graceMs);
    },
  );
}

export interface TakeDownOptions {
  readonly id?: string;
  readonly graceMs?: number;
}

async function takeAllDown(record: BedRecord, graceMs: number): Promise<void> {
  // After a reboot of the machine only the folder is left, and another bed may have the names.
  if (record.bootId === bootId()) await removeFromMachine(record, graceMs);
  await rm(bedFolder(record.name), { recursive: true, force: true });
}

async function removeFromMachine(record: BedRecord, graceMs: number): Promise<void> {
  dismissGuardian(record);
  await Promise.all(record.nodes.map((node) => takeNodeDown(node, graceMs)));
  await endControlPlane(record);
  await removeBridge(record.bridge);
  for (const rule of record.undoRules) await run(['iptables', '--wait', ...rule], { reject: false });
  await restoreSettings(record.name);
  const left = await leftovers(record);
  if (left.length > 0) throw new LeftoversError(record.name, left);
}

/** Powers a node off and removes all of it except its entry in the record. */
export async function takeNodeDown(node: NodeRecord, graceMs: number): Promise<void> {
  await machineOf(node).powerOff(node, graceMs);
  await unmountBelow(node.folder);
  await rm(node.folder, { recursive: true, force: true });
}

/** A bed could not be removed completely. */
export class LeftoversError extends Error {
  readonly leftovers: readonly string[];

  constructor(bed: string, left: readonly string[]) {
    super(
      `Expected nothing to be left of the bed ${bed}, found: ${left.join('; ')}. Its record is kept. Run scripts/cluster down again.`,
    );
    this.name = 'LeftoversError';
    this.leftovers = left;
  }
}

/** Returns descriptions of what a bed still has on this machine. */
export async function leftovers(record: BedRecord): Promise<readonly string[]> {
  const cgroups = [...record.cgroups, ...record.nodes.flatMap((node) => node.cgroups)].filter((path) =>
    existsSync(path),
  );
  const processes = [
    ...Object.entries(record.controlPlane),
    ...record.nodes.map((node) => [node.spec.name, node.supervisor] as const),
  ];
  return [
    ...cgroups.map((path) => `control group ${path}`),
    ...processesIn(cgroups).map((pid) => `process ${pid}`),
    ...processes.filter(([, id]) => isAlive(id)).map(([name, id]) => `process ${id?.pid} (${name})`),
    ...(await mountsBelow(bedFolder(record.name))).map((path) => `mount ${path}`),
    ...(existsSync(`/sys/class/net/${record.bridge}`)
      ? [record.bridge, ...(await linksOn(record.bridge))]
      : []
    ).map((link) => `link ${link}`),
  ];
}

function dismissGuardian({ guardian }: BedRecord): void {
  if (guardian?.pid !== process.pid) signal(guardian, 'SIGTERM');
}

async function endControlPlane(record: BedRecord): Promise<void> {
  await Promise.all(Object.values(record.controlPlane).map((id) => endProcess(id, CONTROL_PLANE_GRACE_MS)));
  await removeCgroup(record.cgroups);
}
