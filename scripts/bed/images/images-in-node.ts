// Images in a node's containerd, where the kubelet looks for them.

import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from './images.ts';
import { inNode } from '../node/in-node.ts';
import { containerdFolder } from '../node/overlay.ts';
import type { NodeRecord } from '../lifecycle/record.ts';

const CTR = ['ctr', '--namespace', 'k8s.io', 'images'];
/** Of containerd's own folders none is called so. */
const ARCHIVE = 'archive-from-the-bed.tar';

/** Imports an image under its reference; the node must run. */
export async function importImage(node: NodeRecord, { reference, archive }: Image): Promise<void> {
  // Beds and images lie on one file system, that of the cache.
  const inNodesFolder = join(containerdFolder(node.folder), ARCHIVE);
  await link(archive, inNodesFolder);
  try {
    await inNode(node, [...CTR, 'import', `/var/lib/containerd/${ARCHIVE}`]);
  } finally {
    await rm(inNodesFolder, { force: true });
  }
  const { stdout } = await inNode(node, [...CTR, 'list', '--quiet']);
  if (!stdout.split('\n').includes(reference)) {
    throw new Error(
      `Expected ${archive} to hold the image ${reference}, got these after importing it:\n${stdout}`,
    );
  }
}
