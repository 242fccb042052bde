// The files of a node that `plan` is shown, read from this machine.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFile } from '../kubelet/config.ts';
import { errorText } from '../text/error-text.ts';
import { PlanError } from './plan-answer.ts';

/** A file's bytes; undefined when there is none. Throws a PlanError when it cannot be read. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
}

/** A file that was named and must be there. Throws a PlanError when it cannot be read. */
export async function readRequired(path: string): Promise<ConfigFile> {
  const content = await readIfThere(path);
  if (content === undefined) {
    throw new PlanError({
      message: `Expected the file ${path}, found none. Leave the option out if there is none.`,
      file: path,
    });
  }
  return { path, content };
}

/** Every `.conf` file below a folder. Throws a PlanError when one cannot be read. */
export async function readConfigFolder(folder: string): Promise<readonly ConfigFile[]> {
  let entries;
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
  const paths = entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.conf'))
    .map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(readRequired));
}

function unreadable(path: string, error: unknown): PlanError {
  return new PlanError({ message: `Expected ${path} to be readable, got ${errorText(error)}.`, file: path });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
