// Walks a folder in the same way as Go's filepath.WalkDir.

import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { unlessMissing } from '../errors.ts';
import { resolveHostPath } from './paths.ts';

export interface Walked {
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * `path` of the host and everything below it, in the order of filepath.WalkDir: depth first, names in byte order, links not followed.
 * A link at `path` itself is followed when `path` ends in a slash. Empty when `path` does not exist.
 */
export async function walkHost(root: string, path: string): Promise<readonly Walked[]> {
  const top = path.endsWith('/')
    ? await resolveHostPath(root, path)
    : posix.join(await resolveHostPath(root, posix.dirname(path)), posix.basename(path));
  const stats = await unlessMissing(lstat(top));
  if (stats === undefined) {
    return [];
  }
  const isFolder = stats.isDirectory();
  return [{ path, isFolder }, ...(isFolder ? await walkFolder(top, path) : [])];
}

async function walkFolder(folder: string, path: string): Promise<readonly Walked[]> {
  const found = await Promise.all(
    (await entriesOf(folder)).map(async (entry): Promise<readonly Walked[]> => {
      const entryPath = posix.join(path, entry.name);
      const isFolder = entry.isDirectory();
      const below = isFolder ? await walkFolder(posix.join(folder, entry.name), entryPath) : [];
      return [{ path: entryPath, isFolder }, ...below];
    }),
  );
  return found.flat();
}

/** The entries sorted by name; empty when the folder was removed in the meantime. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  const entries = await unlessMissing(readdir(folder, { withFileTypes: true }));
  return (entries ?? []).toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}
