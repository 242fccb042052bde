// Claims a name and a network for a bed, and removes dead beds.

import { randomUUID } from 'node:crypto';
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupFolders } from '../host/cgroups.ts';
import type { Image } from '../images/image-build.ts';
import type { NodeSpec } from '../node/layouts.ts';
import { whileLocked } from './lock.ts';
import { firewallRules } from '../network/network.ts';
import { bootId, identify } from '../host/processes.ts';
import { bedFolder, bedNames, bedsFolder, isLive, readRecord, writeRecord } from './record.ts';
import type { BedRecord, Lifetime } from './record.ts';
import { bridgeName, freeSlot, NoSlotError } from './slots.ts';
import { takeDown } from './take-down.ts';

export interface BedOptions {
  /** Made of a-z, 0-9 and -; identifies the bed. */
  readonly name: string;
  readonly nodes: readonly NodeSpec[];
  /** Version of the control plane, and the default for kubelets. */
  readonly version?: string;
  /** Writes every request's metadata to log/audit.log in the bed's folder. */
  readonly audit?: boolean;
  /** Default: process. */
  readonly lifetime?: Lifetime;
  /** false: only etcd and the API server, without a controller manager and a scheduler. Default: true. */
  readonly controllers?: boolean;
  /** Images that every node has from its first boot, besides the sandbox. */
  readonly images?: readonly Image[];
}

/** A live bed has this name. */
export class BedInUseError extends Error {
  constructor(name: string) {
    super(
      `Expected no bed named ${name} to be up, but one is. ` +
        `Use another name, or remove it first: scripts/cluster down --name ${name}`,
    );
    this.name = 'BedInUseError';
  }
}

/** File system names by the magic numbers of statfs(2). */
const UNFIT_DISKS = new Map([
  [0x794c7630, 'overlay'],
  [0x01021994, 'tmpfs'],
]);

/**
 * Claims the name and a slot for this process, in a record on disk. Removes a dead bed of that name first; throws a BedInUseError
 * for a live one, a NoSlotError when there is no slot.
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

/** Throws on an overlay, on which containerd's own overlays do not work, and on a tmpfs, which is too small. */
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

/** Returns a free slot; removes dead beds only when there is none. */
async function slotAfterSweep(): Promise<number> {
  try {
    return freeSlot();
  } catch (error) {
    if (!(error instanceof NoSlotError)) throw error;
    await takeDeadDown();
    return freeSlot();
  }
}

/** Removes the bed of that name, or all beds, if dead; returns the names of the removed beds. */
export async function takeDeadDown(only?: string): Promise<readonly string[]> {
  const dead = bedNames().filter((name) => {
    const record = readRecord(name);
    // A folder without a record is left from an interrupted removal.
    return (only ?? name) === name && (record === undefined || !isLive(record));
  });
  for (const name of dead) await takeDown(name, { graceMs: 0 });
  return dead;
}
