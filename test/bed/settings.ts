// Settings of the whole machine that several nodes on it need, raised as little as possible and put back with the last bed.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Setting } from './record.ts';

/** Each node's systemd, containerd, kubelet and agent have some, and all nodes' root users are one to the kernel. */
const AT_LEAST = [['/proc/sys/fs/inotify/max_user_instances', 1024]] as const;

/** The settings that are too low here, not yet changed. */
export function neededSettings(): readonly Setting[] {
  return AT_LEAST.map(([path, least]) => ({
    path,
    before: readFileSync(path, 'utf8').trim(),
    after: String(least),
  })).filter(({ before, after }) => Number(before) < Number(after));
}

export function apply({ path, after }: Setting): void {
  writeFileSync(path, after);
}
