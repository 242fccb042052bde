// What a bed has on this machine, found without the code that removes it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { processesIn } from '../../../scripts/bed/host/cgroups.ts';
import { identify } from '../../../scripts/bed/host/processes.ts';
import { bedFolder, readRecord } from '../../../scripts/bed/lifecycle/record.ts';
import type { BedRecord } from '../../../scripts/bed/lifecycle/record.ts';

export interface Traces {
  readonly record: BedRecord;
  readonly processes: readonly (readonly [number, string])[];
}

/** Returns all that a live bed has on this machine, collected without the code that removes it. */
export function tracesOf(name: string): Traces {
  const record = readRecord(name);
  if (record === undefined) throw new Error(`Expected the bed ${name} to have a record.`);
  const pids = processesIn([...record.cgroups, ...record.nodes.flatMap((node) => node.cgroups)]);
  const ids = [...pids.map(identify), record.guardian].filter((id) => id !== undefined);
  return { record, processes: ids.map(({ pid, startTime }) => [pid, startTime]) };
}

/** Returns descriptions of what is left of the bed, from the kernel's lists. */
export async function stillThere({ record, processes }: Traces): Promise<readonly string[]> {
  const { slot, name } = record;
  const ours = new RegExp(`\\bksa(br)?${slot}\\b|${name}\\b`);
  const links = readdirSync('/sys/class/net');
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const groups = cgroups();
  const { stdout: rules } = await execa('iptables-save');
  return [
    ...processes
      .filter(([pid, startTime]) => identify(pid)?.startTime === startTime)
      .map(([pid]) => `process ${pid}`),
    ...[...links, ...mounts, ...rules.split('\n'), ...filesInRun()].filter((line) => ours.test(line)),
    ...groups.filter((path) => ours.test(path)),
    ...(existsSync(bedFolder(name)) ? [bedFolder(name)] : []),
  ];
}

/** Returns all control groups; retries when a folder vanishes while it is read. */
function cgroups(): readonly string[] {
  for (let tries = 20; ; tries -= 1) {
    try {
      return readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' });
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isGone || tries === 0) throw error;
    }
  }
}

/** Those of systemd-nspawn, and the sockets of virtual machines. */
function filesInRun(): readonly string[] {
  const folders = ['/run', '/run/systemd/nspawn/propagate'];
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder));
}
