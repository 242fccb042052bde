// The memory and CPU of the agent's container, from this machine's kernel.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Container {
  /** This machine's id of the main process. */
  readonly pid: number;
  /** Folders of its cgroup; the same folder on cgroup v2. */
  readonly memoryFolder: string;
  readonly cpuFolder: string;
  readonly cgroupVersion: 1 | 2;
}

export interface AgentState {
  readonly anonymousBytes: number;
  readonly residentBytes: number;
  readonly workingSetBytes: number;
  /** Peak memory of the cgroup, including reclaimable memory; undefined on cgroup v2 with a kernel before 5.19. */
  readonly peakBytes: number | undefined;
}

const CGROUPS = '/sys/fs/cgroup';

/** Returns the container; throws when none of its processes has `word` in its command line. */
export async function findContainer(containerId: string, word: string): Promise<Container> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [cgroups, command] = await Promise.all([proc(pid, 'cgroup'), proc(pid, 'cmdline')]);
    if (cgroups.includes(containerId) && command.includes(word)) {
      return { pid: Number(pid), ...foldersOf(cgroups) };
    }
  }
  throw new Error(`Expected a process with ${word} in the container ${containerId}, found none`);
}

/** Returns the cgroup folders from the text of /proc/PID/cgroup. Prefers version 1 where both are mounted: it then has the controllers. */
export function foldersOf(text: string): Omit<Container, 'pid'> {
  const paths = new Map<string, string>();
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'));
  }
  const [memory, cpu, unified] = ['memory', 'cpuacct', ''].map((controller) => paths.get(controller));
  if (memory !== undefined && cpu !== undefined) {
    return {
      memoryFolder: join(CGROUPS, 'memory', memory),
      cpuFolder: join(CGROUPS, 'cpuacct', cpu),
      cgroupVersion: 1,
    };
  }
  const folder = join(CGROUPS, unified ?? '');
  return { memoryFolder: folder, cpuFolder: folder, cgroupVersion: 2 };
}

/** Returns the memory of the process and its cgroup now; the working set is computed as by the kubelet, for eviction. */
export async function memoryOf({ pid, memoryFolder, cgroupVersion }: Container): Promise<AgentState> {
  const [status, stat, usage, peak] = await Promise.all([
    proc(String(pid), 'status'),
    readFile(join(memoryFolder, 'memory.stat'), 'utf8'),
    readFile(join(memoryFolder, cgroupVersion === 1 ? 'memory.usage_in_bytes' : 'memory.current'), 'utf8'),
    readFile(
      join(memoryFolder, cgroupVersion === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak'),
      'utf8',
    ).catch(() => undefined),
  ]);
  const inactive = numberAfter(stat, cgroupVersion === 1 ? 'total_inactive_file' : 'inactive_file');
  return {
    anonymousBytes: numberAfter(status, 'RssAnon:') * 1024,
    residentBytes: numberAfter(status, 'VmRSS:') * 1024,
    workingSetBytes: Number(usage) - inactive,
    peakBytes: peak === undefined ? undefined : Number(peak),
  };
}

/** Returns the CPU time, in seconds, of all processes that ever ran in the container. */
export async function cpuSecondsOf({ cpuFolder, cgroupVersion }: Container): Promise<number> {
  if (cgroupVersion === 1) return Number(await readFile(join(cpuFolder, 'cpuacct.usage'), 'utf8')) / 1e9;
  return numberAfter(await readFile(join(cpuFolder, 'cpu.stat'), 'utf8'), 'usage_usec') / 1e6;
}

/** Returns the number after `key` at the start of a line; throws when there is none. */
export function numberAfter(text: string, key: string): number {
  const line = text.split('\n').find((each) => each.split(/\s/)[0] === key);
  const value = Number(line?.slice(key.length).trim().split(/\s/)[0]);
  if (line === undefined || Number.isNaN(value))
    throw new Error(`Expected a line ${key} with a number, got ${text}`);
  return value;
}

async function proc(pid: string, file: string): Promise<string> {
  // The process may exit meanwhile.
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}
