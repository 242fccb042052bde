// Opens regular files only: opening a FIFO may block forever, and opening a device may have side effects.

import type { Stats } from 'node:fs';
import { constants, lstat, open } from 'node:fs/promises';
import { NotRegularFileError } from '../../node/not-regular.ts';
import { unlessMissing } from '../errors.ts';

/** The bytes of `target`, to which `path` of the host resolves. Throws a NotRegularFileError without opening anything but a regular file. */
export async function readRegular(target: string, path: string): Promise<Uint8Array> {
  expectRegular(await lstat(target), path);
  // The file may have been replaced since by something else, which must not block this process and is not read.
  const file = await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    expectRegular(await file.stat(), path);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** True for a regular file, false when `target` does not exist. Throws a NotRegularFileError for anything else. */
export async function isRegular(target: string, path: string): Promise<boolean> {
  const stats = await unlessMissing(lstat(target));
  if (stats === undefined) {
    return false;
  }
  expectRegular(stats, path);
  return true;
}

function expectRegular(stats: Stats, path: string): void {
  if (!stats.isFile()) {
    throw new NotRegularFileError(
      path,
      kindOf(stats),
      stats.isCharacterDevice() && stats.rdev === NULL_DEVICE,
    );
  }
}

/** Major 1, minor 3 (Linux Documentation/admin-guide/devices.txt). */
const NULL_DEVICE = 0x103;

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) {
    return 'a directory';
  }
  if (stats.isFIFO()) {
    return 'a FIFO';
  }
  if (stats.isSocket()) {
    return 'a socket';
  }
  if (stats.isCharacterDevice()) {
    return 'a character device';
  }
  return stats.isBlockDevice() ? 'a block device' : 'a symbolic link';
}
