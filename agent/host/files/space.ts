// Checks before a change whether a file system has room for a file.

import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Shortage } from '../../node/ports.ts';
import { isMissing, isReadOnly } from '../errors.ts';

/**
 * What the file system of `folder` (or of its nearest existing parent) lacks to hold one more file of `bytes`.
 * undefined when it lacks nothing, or when the check itself fails: the write then reports the cause.
 */
export async function shortageIn(root: string, folder: string, bytes: number): Promise<Shortage | undefined> {
  try {
    const [space, writable] = await Promise.all([statfs(folder), isWritable(folder)]);
    // bavail: blocks reserved for root need CAP_SYS_RESOURCE, which the pod does not have.
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

/** btrfs and others allocate inodes on demand and report a total of 0. */
function hasNoInode({ files, ffree }: { readonly files: number; readonly ffree: number }): boolean {
  return files > 0 && ffree === 0;
}

/** False only when the file system is read-only: where this process lacks permission, the host's systemd writes for it. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    return !isReadOnly(error);
  }
}

/** The topmost folder of the same file system. */
async function mountPointOf(root: string, folder: string): Promise<string> {
  const { dev } = await stat(folder);
  let place = folder;
  while (place.length > root.length && (await stat(dirname(place))).dev === dev) {
    place = dirname(place);
  }
  return place;
}
