// Settings of the whole machine that nodes on it need, changed as little as possible and put back with the last bed.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hierarchies } from '../host/cgroups.ts';
import { whileLocked } from '../lifecycle/lock.ts';
import { bedNames, bedsFolder, isLive, readRecord } from '../lifecycle/record.ts';

interface Setting {
  readonly path: string;
  /** What to write to undo it. */
  readonly before: string;
  readonly after: string;
}

/** Each node's systemd, containerd, kubelet and agent have some, and all nodes' root users are one to the kernel. */
const INOTIFY_INSTANCES = { path: '/proc/sys/fs/inotify/max_user_instances', least: 1024 };
const NODE_CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'];

/** Changes what is too low for beds here, noting on disk first what it was. */
export async function raiseSettings(): Promise<void> {
  await whileLocked(
    lock(),
    () => {},
    async () => {
      const needed = [...inotifySettings(), ...controllerSettings()];
      if (needed.length === 0) return;
      writeFileSync(settingsFile(), JSON.stringify([...changed(), ...needed]));
      for (const { path, after } of needed) writeFileSync(path, after);
    },
  );
}

/** Puts everything back, unless a bed other than this one is in use. */
export async function restoreSettings(bed: string): Promise<void> {
  await whileLocked(
    lock(),
    () => {},
    async () => {
      const others = bedNames().filter((name) => name !== bed);
      const inUse = others.map(readRecord).some((record) => record !== undefined && isLive(record));
      if (inUse) return;
      changed().toReversed().forEach(restore);
      rmSync(settingsFile(), { force: true });
    },
  );
}

/** What somebody else has changed since, or needs now, stays as they want it. */
function restore({ path, before, after }: Setting): void {
  const ours = path.endsWith(SUBTREE_CONTROL) || readFileSync(path, 'utf8').trim() === after;
  if (!ours) return;
  try {
    writeFileSync(path, before);
  } catch (error) {
    // The kernel does not take a controller away from groups that use it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
  }
}

function changed(): readonly Setting[] {
  try {
    const settings: readonly Setting[] = JSON.parse(readFileSync(settingsFile(), 'utf8'));
    return settings;
  } catch {
    return [];
  }
}

function settingsFile(): string {
  return join(bedsFolder(), 'settings.json');
}

function lock(): string {
  return join(bedsFolder(), 'settings.lock');
}

function inotifySettings(): readonly Setting[] {
  const { path, least } = INOTIFY_INSTANCES;
  const before = readFileSync(path, 'utf8').trim();
  return Number(before) < least ? [{ path, before, after: String(least) }] : [];
}

const SUBTREE_CONTROL = 'cgroup.subtree_control';

/** With cgroup v2, a group has only the controllers that the root hands down. */
function controllerSettings(): readonly Setting[] {
  const { version, roots } = hierarchies();
  const [root] = roots;
  if (version === 1 || root === undefined) return [];
  const [offered, available] = [SUBTREE_CONTROL, 'cgroup.controllers'].map((file) =>
    readFileSync(join(root, file), 'utf8').trim().split(' '),
  );
  return NODE_CONTROLLERS.filter((name) => available?.includes(name) && !offered?.includes(name)).map(
    (name) => ({
      path: join(root, SUBTREE_CONTROL),
      before: `-${name}`,
      after: `+${name}`,
    }),
  );
}
