// The right to a name and a network, and which beds have lost it.

import { randomUUID } from 'node:crypto';
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupFolders } from '../host/cgroups.ts';
import type { NodeSpec } from '../node/layouts.ts';
import { whileLocked } from './lock.ts';
import { firewallRules } from '../network/network.ts';
import { bootId, identify } from '../host/processes.ts';
import { bedFolder, bedNames, bedsFolder, isLive, readRecord, writeRecord } from './record.ts';
import type { BedRecord, Lifetime } from './record.ts';
import { bridgeName, freeSlot, NoSlotError } from './slots.ts';
import { takeDown } from './take-down.ts';

export interface BedOptions {
  /** Of a-z, 0-9 and -; the bed is found again by it. */
  readonly name: string;
  readonly nodes: readonly NodeSpec[];
  /** Of the control plane, and of kubelets that name no other. */
  readonly version?: string;
  /** Writes every request's metadata to log/audit.log in the bed's folder. */
  readonly audit?: boolean;
  /** Default: process. */
  readonly lifetime?: Lifetime;
  /** false: etcd and the API server alone, without a controller manager and a scheduler. Default: true. */
  readonly controllers?: boolean;
}

/** A bed of that name is up and in somebody's use. */
export class BedInUseError extends Error {
  constructor(name: string) {
    super(
      `Expected no bed named ${name} to be up, but one is. ` +
        `Use another name, or remove it first: scripts/cluster down --name ${name}`,
    );
    this.name = 'BedInUseError';
  }
}

/** By the magic numbers of statfs(2). */
const UNFIT_DISKS = new Map([
  [0x794c7630, 'overlay'],
  [0x01021994, 'tmpfs'],
]);

/**
 * Gives the name and a slot to this process, in a record on disk. A dead bed of that name is removed first; throws a BedInUseError for one that
 * lives, a NoSlotError when there is no slot.
 */
export async function claimBed(options: BedOptions, version: string): Promise<BedRecord> {
  mkdirSync(bedsFolder(), { recursive: true });
  requirePlainDisk(bedsFolder());
  const records: BedRecord[] = [];
  const work = async (): Promise<void> => void records.push(await claim(options, version));
  await whileLocked(join(bedsFolder(), 'start.lock'), () => {}, work);
  const [record] = records;
  if (record === undefined) throw new Error('Expected the work under the lock to leave a record.');
  return record;
}

/** containerd's overlays do not work upon another, and a disk in memory is too small. */
function requirePlainDisk(folder: string): void {
  const kind = UNFIT_DISKS.get(statfsSync(folder).type);
  if (kind === undefined) return;
  throw new Error(
    `Expected ${folder} to be on a plain file system such as ext4, got ${kind}. Set KUBELET_SYSCTLS_CACHE to a folder on one.`,
  );
}

async function claim(options: BedOptions, version: string): Promise<BedRecord> {
  const before = readRecord(options.name);
  if (before !== undefined && isLive(before)) throw new BedInUseError(options.name);
  await takeDown(options.name, { graceMs: 0 });
  const slot = await slotAfterSweep();
  const owner = identify(process.pid);
  if (owner === undefined) throw new Error('Expected to find this process in /proc.');
  const record: BedRecord = {
    id: randomUUID(),
    name: options.name,
    slot,
    bootId: bootId(),
    lifetime: options.lifetime ?? 'process',
    state: 'starting',
    owner,
    version,
    audit: options.audit ?? false,
    bridge: bridgeName(slot),
    cgroups: cgroupFolders(`ksa${slot}-control-plane`),
    controlPlane: {},
    nodes: [],
    images: [],
    undoRules: firewallRules(bridgeName(slot)).map((rule) => ['--delete', ...rule]),
  };
  mkdirSync(join(bedFolder(record.name), 'log'), { recursive: true });
  writeRecord(record);
  return record;
}

/** Dead beds are in nobody's way until their slots are needed. */
async function slotAfterSweep(): Promise<number> {
  try {
    return freeSlot();
  } catch (error) {
    if (!(error instanceof NoSlotError)) throw error;
    await takeDeadDown();
    return freeSlot();
  }
}

/** Takes down the bed of that name, or all, if nobody needs it any more; returns the names of those it removed. */
export async function takeDeadDown(only?: string): Promise<readonly string[]> {
  const dead = bedNames().filter((name) => {
    const record = readRecord(name);
    // Without a record, it is what a removal that was cut off has left.
    return (only ?? name) === name && (record === undefined || !isLive(record));
  });
  for (const name of dead) await takeDown(name, { graceMs: 0 });
  return dead;
}
