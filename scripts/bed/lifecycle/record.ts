// The record of what a bed makes on this machine, written before it is made: any process can remove the bed from it.

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../build/cache.ts';
import type { Image } from '../images/images.ts';
import type { Accelerator } from '../node/vm/accelerator.ts';
import type { NodeSpec } from '../node/layouts.ts';
import { bootId, isAlive } from '../host/processes.ts';
import type { ProcessId } from '../host/processes.ts';

/** process: the bed is removed when the process that started it ends; keep: it stays until it is removed explicitly. */
export type Lifetime = 'process' | 'keep';

export interface NodeRecord {
  readonly spec: NodeSpec;
  /** 1 to 99, unique in the bed: the last byte of its address and the third of its pods' network. */
  readonly index: number;
  readonly version: string;
  readonly address: string;
  readonly machine: string;
  readonly folder: string;
  readonly cgroups: readonly string[];
  /** Runs systemd-nspawn, and restarts it when the node reboots, or is QEMU; absent while the node is powered off. */
  readonly supervisor?: ProcessId;
  /** Of a virtual machine: by what it runs. */
  readonly accelerator?: Accelerator;
}

export interface BedRecord {
  /** Unique for every bed ever started, also for two of one name. */
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  readonly bootId: string;
  readonly lifetime: Lifetime;
  readonly state: 'starting' | 'up';
  readonly owner: ProcessId;
  readonly guardian?: ProcessId;
  readonly version: string;
  readonly audit: boolean;
  readonly bridge: string;
  /** Every control group made outside the nodes. */
  readonly cgroups: readonly string[];
  readonly controlPlane: Readonly<Record<string, ProcessId>>;
  readonly nodes: readonly NodeRecord[];
  readonly images: readonly Image[];
  /** iptables arguments, each of which removes a rule that was added. */
  readonly undoRules: readonly (readonly string[])[];
}

/** The folder in which every bed of this user has its own. */
export function bedsFolder(): string {
  return join(cacheFolder(), 'beds');
}

export function bedFolder(name: string): string {
  return join(bedsFolder(), name);
}

/** Returns undefined when there is no such bed, or when it died before it wrote its record. */
export function readRecord(name: string): BedRecord | undefined {
  try {
    const record: BedRecord = JSON.parse(readFileSync(recordFile(name), 'utf8'));
    return record;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeRecord(record: BedRecord): void {
  const file = recordFile(record.name);
  mkdirSync(bedFolder(record.name), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Reads, changes and writes the record synchronously; throws when the bed was removed. */
export function updateRecord(name: string, change: (record: BedRecord) => BedRecord): BedRecord {
  const record = readRecord(name);
  if (record === undefined) throw new Error(`Expected a bed named ${name}, but it was removed.`);
  const changed = change(record);
  writeRecord(changed);
  return changed;
}

/** Changes one node's part of the record. */
export function updateNode(bed: string, node: string, change: (record: NodeRecord) => NodeRecord): void {
  updateRecord(bed, (record) => ({
    ...record,
    nodes: record.nodes.map((each) => (each.spec.name === node ? change(each) : each)),
  }));
}

/** Returns the names of all beds with a folder, dead or alive. */
export function bedNames(): readonly string[] {
  try {
    return readdirSync(bedsFolder(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Returns whether the bed is in use: its owner runs, or, for a bed that is kept, any of its processes. */
export function isLive(record: BedRecord): boolean {
  if (record.bootId !== bootId()) return false;
  if (record.lifetime === 'process' || record.state === 'starting') return isAlive(record.owner);
  return [...Object.values(record.controlPlane), ...record.nodes.map((node) => node.supervisor)].some(
    isAlive,
  );
}

function recordFile(name: string): string {
  return join(bedFolder(name), 'record.json');
}
