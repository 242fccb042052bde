// Temporary files beside the file that they will replace.

import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isEacces, isMissing } from '../errors.ts';

/** A temporary file is named `.NAME`, this mark and a random suffix. */
export const TEMPORARY_MARK = '.kubelet-sysctl-agent.';

/** The temporary files of this process. */
export interface TemporaryFiles {
  /** Calls `write` with a unique name beside `target`, and afterwards removes any file left under that name. */
  with(target: string, write: (temporary: string) => Promise<void>): Promise<void>;
  /** Removes the temporary files of `target` that earlier processes left; never one of a `with` that is in progress. */
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
        // If the removal fails, the next write of the same path removes the file.
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

/** Empty for a folder that is missing or that this process may not read: it cannot have written there. */
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
