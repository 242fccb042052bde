// Images in a node's containerd, where the kubelet finds them.

import type { Outcome } from '../build/run.ts';
import type { Image } from './image-build.ts';

const CTR = ['ctr', '--namespace', 'k8s.io', 'images'];

/** Imports an image under its reference, from an archive at this path on the node. Throws when the archive does not contain the reference. */
export async function importArchive(
  exec: (argv: readonly string[]) => Promise<Outcome>,
  path: string,
  { reference, archive }: Image,
): Promise<void> {
  await exec([...CTR, 'import', path]);
  const { stdout } = await exec([...CTR, 'list', '--quiet']);
  if (!stdout.split('\n').includes(reference)) {
    throw new Error(
      `Expected ${archive} to hold the image ${reference}, got these after importing it:\n${stdout}`,
    );
  }
}
