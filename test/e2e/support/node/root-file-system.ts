// Everything on a node's disk, except what the system writes itself.

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import type { BedNode } from '../../../../scripts/bed/bed.ts';

/** Path → kind, mode, owner and content. */
export type RootFileSystem = ReadonlyMap<string, string>;

/**
 * Not on the disk, or written all the time by the kubelet, containerd and systemd for what they run and log. Of /run the tests read only our names.
 */
const LEFT_OUT: readonly string[] = [
  '/dev',
  '/proc',
  '/run',
  '/sys',
  '/tmp',
  '/var/lib/containerd',
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/lib/systemd',
  '/var/log',
  '/var/tmp',
  '/etc/resolv.conf',
];
/** Of the kubelet's folder, what a person or an installer writes. */
const OF_THE_KUBELET: readonly string[] = ['config.yaml', 'kubeadm-flags.env'].map(
  (name) => `/var/lib/kubelet/${name}`,
);

export async function rootFileSystem(node: Pick<BedNode, 'path'>): Promise<RootFileSystem> {
  const found = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    const real = node.path(path);
    const stats = await lstat(real);
    const facts = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`;
    if (stats.isSymbolicLink()) {
      found.set(path, `link ${await readlink(real)}`);
    } else if (stats.isFile()) {
      const sum = createHash('sha256')
        .update(await readFile(real))
        .digest('hex');
      found.set(path, `file ${facts} ${stats.size} ${sum}`);
    } else if (stats.isDirectory()) {
      found.set(path, `folder ${facts}`);
      for (const name of await readdir(real)) {
        const inside = `${path === '/' ? '' : path}/${name}`;
        if (!LEFT_OUT.includes(inside)) await read(inside);
      }
    } else {
      found.set(path, `other ${facts}`);
    }
  };
  await read('/');
  for (const path of OF_THE_KUBELET) await read(path);
  return found;
}

/** What differs, a line each. */
export function differences(before: RootFileSystem, after: RootFileSystem): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}`);
}
