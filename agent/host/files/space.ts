// Whether a file system has room for a file, asked before anything is begun there.

import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Shortage } from '../../node/ports.ts';
import { isMissing, isReadOnly } from '../errors.ts';

/**
 * What the file system of `folder`, or of its nearest parent that is there, lacks for so many bytes more and a file more.
 * undefined when nothing, or when it cannot be told: the write itself will.
 */
export async function shortageIn(root: string, folder: string, bytes: number): Promise<Shortage | undefined> {
  try {
    const [space, writable] = await Promise.all([statfs(folder), isWritable(folder)]);
    // What is kept for root takes CAP_SYS_RESOURCE, which the pod does not have.
    const free = space.bavail * space.bsize;
    if (writable && free >= bytes && !hasNoInode(space)) {
      return undefined;
    }
    const mount = (await mountPointOf(root, folder)).slice(root.length) || '/';
    if (!writable) {
      return { kind: 'read-only', mount };
    }
    return free < bytes ? { kind: 'bytes', mount, free, needed: bytes } : { kind: 'inodes', mount };
  } catch (error) {
    return isMissing(error) && folder.length > root.length
      ? shortageIn(root, dirname(folder), bytes)
      : undefined;
  }
}

/** btrfs and others make inodes as they need them, and count none. */
function hasNoInode({ files, ffree }: { readonly files: number; readonly ffree: number }): boolean {
  return files > 0 && ffree === 0;
}

/** False only where the file system is read-only: what this process lacks the right for, the host's systemd does for it. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    return !isReadOnly(error);
  }
}

/** The uppermost folder of the same file system. */
async function mountPointOf(root: string, folder: string): Promise<string> {
  const { dev } = await stat(folder);
  let place = folder;
  while (place.length > root.length && (await stat(dirname(place))).dev === dev) {
    place = dirname(place);
  }
  return place;
}
