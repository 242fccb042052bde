// A node's disk: an overlay of the node's writes on the common root file system.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../build/run.ts';

/** Returns this machine's path of the node's root, also valid while the node is powered off. */
export function rootFolder(nodeFolder: string): string {
  return join(nodeFolder, 'root');
}

/** Returns the folder for /var/lib/containerd, which cannot be on an overlay: containerd makes overlays in it. */
export function containerdFolder(nodeFolder: string): string {
  return join(nodeFolder, 'containerd');
}

export async function mountRoot(nodeFolder: string, lower: string): Promise<void> {
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(nodeFolder, name));
  for (const folder of [upper, work, root, containerdFolder(nodeFolder)]) {
    await mkdir(`${folder}`, { recursive: true });
  }
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await run(['mount', '-t', 'overlay', '-o', options, 'overlay', `${root}`]);
}

/** Unmounts all that is mounted at or below a folder, the deepest first. */
export async function unmountBelow(folder: string): Promise<void> {
  for (const path of (await mountsBelow(folder)).toReversed()) {
    const { exitCode } = await run(['umount', path], { reject: false });
    // A process on this machine still uses it: detach it now; the kernel unmounts it when the process ends.
    if (exitCode !== 0) await run(['umount', '--lazy', path]);
  }
}

/** Mount points at or below a folder in the order in which they were mounted. */
export async function mountsBelow(folder: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return mounts
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path === folder || path.startsWith(`${folder}/`));
}
