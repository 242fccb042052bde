// Images in a node's containerd, where the kubelet finds them.

import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from './images.ts';
import { inNode } from '../node/in-node.ts';
import { containerdFolder } from '../node/container/overlay.ts';
import type { NodeRecord } from '../lifecycle/record.ts';

const CTR = ['ctr', '--namespace', 'k8s.io', 'images'];
/** A name that no folder of containerd has. */
const ARCHIVE = 'archive-from-the-bed.tar';

/** Imports an image under its reference. The node must be powered on; throws when the archive does not contain the reference. */
export async function importImage(node: NodeRecord, { reference, archive }: Image): Promise<void> {
  // A hard link is possible: beds and images are on the cache's file system.
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
