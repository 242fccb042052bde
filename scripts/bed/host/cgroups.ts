// Control groups: each node has one in every hierarchy, so nodes do not see each other's pods, and removing the groups removes
// every process of the node.

import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../util/until.ts';

/** 1 includes the hybrid mode, in which nodes get v1 controllers. */
export type CgroupVersion = 1 | 2;

export interface Hierarchies {
  readonly version: CgroupVersion;
  /** The folder of each hierarchy's root. */
  readonly roots: readonly string[];
}

/** Returns this machine's hierarchies from /proc/self/mounts; throws when none is mounted. */
export function hierarchies(mounts: string = readFileSync('/proc/self/mounts', 'utf8')): Hierarchies {
  const found = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, path, type]) => (path === undefined || type === undefined ? [] : [{ path, type }]))
    .filter(({ type, path }) => type.startsWith('cgroup') && path.startsWith('/sys/fs/cgroup'));
  if (found.length === 0) throw new Error('Expected control groups below /sys/fs/cgroup, got none mounted.');
  const version = found.some(({ type }) => type === 'cgroup') ? 1 : 2;
  return { version, roots: found.map(({ path }) => path) };
}

/** Returns the folders that `makeCgroup` will make for a name, so that they can be recorded before they exist. */
export function cgroupFolders(name: string): readonly string[] {
  return hierarchies().roots.map((root) => join(root, name));
}

/** Makes these groups and prepares them for processes. */
export function makeCgroup(folders: readonly string[]): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    // A new group of the v1 cpuset has neither cpus nor memory nodes, and accepts no process until it has.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) copyFromParent(folder, file);
  }
}

/** Kills every process in the groups and below, then removes the groups. Throws when a process or a group remains. */
export async function removeCgroup(folders: readonly string[]): Promise<void> {
  const empty = await until(() => killAll(folders), { timeoutMs: 20_000, everyMs: 50 });
  if (!empty)
    throw new Error(`Expected no process in ${folders.join(', ')} 20 s after SIGKILL, but some still run.`);
  const removed = await until(() => folders.every(removeTree), { timeoutMs: 10_000, everyMs: 50 });
  if (!removed)
    throw new Error(`Expected to remove the control groups ${folders.join(', ')}, but they are busy.`);
}

/** Returns the ids of all processes in the groups and below. */
export function processesIn(folders: readonly string[]): readonly number[] {
  return [...new Set(folders.flatMap((folder) => withDescendants(folder).flatMap(processesOf)))];
}

function killAll(folders: readonly string[]): boolean {
  const pids = processesIn(folders);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has exited meanwhile.
    }
  }
  return pids.length === 0;
}

function removeTree(folder: string): boolean {
  try {
    for (const each of withDescendants(folder).toReversed()) rmdirSync(each);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** Returns the group and all groups below, parents before children. */
function withDescendants(folder: string): readonly string[] {
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...children.flatMap((entry) => withDescendants(join(folder, entry.name)))];
  } catch {
    return [];
  }
}

function processesOf(folder: string): readonly number[] {
  try {
    const text = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim();
    // 0 stands for a process of an outer namespace, which is not ours.
    return text === ''
      ? []
      : text
          .split('\n')
          .map(Number)
          .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

function copyFromParent(folder: string, file: string): void {
  try {
    writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
  } catch {
    // Only the cpuset hierarchy has these files.
  }
}
