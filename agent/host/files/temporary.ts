// The names that a new file has beside the old one until it takes its place.

import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isEacces, isMissing } from '../errors.ts';

/** `.NAME`, this, and an end that no other write has. */
export const TEMPORARY_MARK = '.kubelet-sysctl-agent.';

/** The temporary files of this process. */
export interface TemporaryFiles {
  /** Calls `write` with a name of its own beside `target`. Whatever `write` left under that name is removed. */
  with(target: string, write: (temporary: string) => Promise<void>): Promise<void>;
  /** Removes what processes that have ended left beside `target`; never a file of a `with` that is not over. */
  tidy(target: string): Promise<void>;
}

export function createTemporaryFiles(): TemporaryFiles {
  const inUse = new Set<string>();

  return {
    async with(target, write) {
      const temporary = join(dirname(target), prefixOf(target) + randomBytes(6).toString('hex'));
      inUse.add(temporary);
      try {
        await write(temporary);
      } finally {
        // What cannot be removed now is removed by the next write of the same path.
        await rm(temporary, { force: true }).catch(() => {});
        inUse.delete(temporary);
      }
    },

    async tidy(target) {
      const folder = dirname(target);
      const left = (await namesIn(folder))
        .filter((name) => name.startsWith(prefixOf(target)))
        .map((name) => join(folder, name));
      await Promise.all(left.filter((path) => !inUse.has(path)).map((path) => rm(path, { force: true })));
    },
  };
}

function prefixOf(target: string): string {
  return `.${basename(target)}${TEMPORARY_MARK}`;
}

/** A folder that this process may not read has no file that it wrote. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error) || isEacces(error)) {
      return [];
    }
    throw error;
  }
}
