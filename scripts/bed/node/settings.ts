// Kernel settings of the machine that nodes need: raised only where too low, restored with the last bed.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hierarchies } from '../host/cgroups.ts';
import { whileLocked } from '../lifecycle/lock.ts';
import { bedNames, bedsFolder, isLive, readRecord } from '../lifecycle/record.ts';

interface Setting {
  readonly path: string;
  /** The value to restore. */
  readonly before: string;
  readonly after: string;
}

/** Each node's systemd, containerd, kubelet and agent use some, and the kernel counts all nodes' root users as one. */
const INOTIFY_INSTANCES = { path: '/proc/sys/fs/inotify/max_user_instances', least: 1024 };
const NODE_CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'];

/** Raises what is too low for beds; first records the old values on disk. */
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

/** Restores the old values, unless another bed is in use. */
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

/** Restores one value, unless another party has changed it since or uses it. */
function restore({ path, before, after }: Setting): void {
  const ours = path.endsWith(SUBTREE_CONTROL) || readFileSync(path, 'utf8').trim() === after;
  if (!ours) return;
  try {
    writeFileSync(path, before);
  } catch (error) {
    // EBUSY: other groups use the controller.
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

/** With cgroup v2, a group has only the controllers that the root enables. */
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
