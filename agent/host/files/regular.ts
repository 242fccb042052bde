// Regular files and nothing else: opening a FIFO may block for ever, and opening a device may do anything.

import type { Stats } from 'node:fs';
import { constants, lstat, open } from 'node:fs/promises';
import { NotRegularFileError } from '../../node/not-regular.ts';
import { isMissing } from '../errors.ts';

/** The bytes of `target`, which `path` of the host leads to. Throws a NotRegularFileError, without having opened what it is. */
export async function readRegular(target: string, path: string): Promise<Uint8Array> {
  expectRegular(await lstat(target), path);
  // Something else may have taken its place since: it must not block us, and is not read.
  const file = await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    expectRegular(await file.stat(), path);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** False when there is nothing; throws a NotRegularFileError when there is something else. */
export async function isRegular(target: string, path: string): Promise<boolean> {
  try {
    expectRegular(await lstat(target), path);
    return true;
  } catch (error) {
    if (isMissing(error)) {
      return false;
    }
    throw error;
  }
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
