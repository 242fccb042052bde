// Settings of the whole machine that nodes on it need, changed as little as possible and put back with the last bed.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hierarchies } from './cgroups.ts';

export interface Setting {
  readonly path: string;
  /** What to write to undo it. */
  readonly before: string;
  readonly after: string;
}

/** Each node's systemd, containerd, kubelet and agent have some, and all nodes' root users are one to the kernel. */
const INOTIFY_INSTANCES = { path: '/proc/sys/fs/inotify/max_user_instances', least: 1024 };
const NODE_CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'];

/** What is to be changed here, not yet changed. */
export function neededSettings(): readonly Setting[] {
  return [...inotifySettings(), ...controllerSettings()];
}

export function apply({ path, after }: Setting): void {
  writeFileSync(path, after);
}

/** What somebody else has changed since, or needs now, stays as they want it. */
export function restore({ path, before, after }: Setting): void {
  const ours = path.endsWith(SUBTREE_CONTROL) || readFileSync(path, 'utf8').trim() === after;
  if (!ours) return;
  try {
    writeFileSync(path, before);
  } catch (error) {
    // The kernel does not take a controller away from groups that use it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
  }
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
