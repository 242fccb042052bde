// Files of a container, whose bytes this machine reads and writes itself: tests read every few milliseconds.

import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { until } from '../../util/until.ts';
import type { NodeFiles } from '../files.ts';

const CHECK_MS = 2;

/** `place` returns this machine's path of the node's file now: it changes when the node is turned off or on. */
export function containerFiles(place: (path: string) => string): NodeFiles {
  const fill = async (path: string, mode: number | undefined, write: (real: string) => Promise<void>) => {
    await mkdir(dirname(place(path)), { recursive: true });
    await write(place(path));
    if (mode !== undefined) await chmod(place(path), mode);
  };
  return {
    read: async (path) => ifThere(readFile(place(path))),
    write: (path, content, mode) => fill(path, mode, (real) => writeFile(real, content)),
    copyIn: (from, path, mode) => fill(path, mode, (real) => copyFile(from, real)),
    remove: async (path) => rm(place(path), { force: true, recursive: true }),
    async facts(path) {
      const found = await ifThere(stat(place(path), { bigint: true }));
      return (
        found && {
          mode: Number(found.mode) & 0o7777,
          uid: Number(found.uid),
          gid: Number(found.gid),
          inode: Number(found.ino),
          modifiedNs: found.mtimeNs,
        }
      );
    },
    names: async (folder) => (await ifThere(readdir(place(folder)))) ?? [],
    appears: async (path, timeoutMs) => {
      const real = place(path);
      return until(() => existsSync(real), { timeoutMs, everyMs: CHECK_MS });
    },
  };
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}
