// Determines which folders to watch for a set of paths: their own folders and those of every component that leads to them.

import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { unlessMissing } from '../errors.ts';
import { traverse } from '../files/paths.ts';
import { walkHost } from '../files/walk.ts';

/** Which changes of a folder's entry are reported. */
export interface Counted {
  /** The requested path. */
  readonly path: string;
  /** The entry only leads to the path: its creation, removal and renaming are reported, its content is not. */
  readonly isOnTheWay: boolean;
}

export interface FolderToWatch {
  /** Differs when another folder has replaced this one. */
  readonly identity: string;
  /** By the entry's name, or ANY. */
  readonly counted: ReadonlyMap<string, Counted>;
}

/** The requested paths that the folder is watched for. */
export function askedPaths({ counted }: FolderToWatch): readonly string[] {
  return [...new Set([...counted.values()].map(({ path }) => path))];
}

/** Instead of a name: every entry of the folder is reported. */
export const ANY = '';

/**
 * The existing folders below `root` to watch for all paths. For a missing path they include its nearest existing parent. A path that
 * ends in `/` is a folder of which every entry is reported, at any depth.
 */
export async function foldersToWatch(
  root: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, FolderToWatch>> {
  const byFolder = new Map<string, Map<string, Counted>>();
  // Each path queries its components one after the other; the paths run in parallel.
  const places = await Promise.all(paths.map((path) => placesOf(root, path)));
  for (const { folder, name, ...counted } of places.flat()) {
    const names = byFolder.get(folder) ?? new Map<string, Counted>();
    byFolder.set(folder, names);
    if (!counted.isOnTheWay || !names.has(name)) {
      names.set(name, counted);
    }
  }
  const found = await Promise.all(
    [...byFolder].map(async ([folder, counted]): Promise<readonly [string, FolderToWatch][]> => {
      const stats = await unlessMissing(stat(folder));
      return stats?.isDirectory() === true ? [[folder, { identity: identityOf(stats), counted }]] : [];
    }),
  );
  return new Map(found.flat());
}

/** Identifies an inode. Includes the birth time, since inode numbers are reused. */
export function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

interface Place extends Counted {
  readonly folder: string;
  readonly name: string;
}

async function placesOf(root: string, path: string): Promise<readonly Place[]> {
  const { target, steps } = await traverse(root, path);
  const stats = await unlessMissing(stat(target));
  const onTheWay = steps.map((step) => ({ ...step, path, isOnTheWay: true }));
  if (path.endsWith('/') && stats?.isDirectory() === true) {
    const walked = await walkHost(root, target.slice(root.length) || '/');
    const folders = walked.filter(({ isFolder }) => isFolder).map((folder) => root + folder.path);
    return [...onTheWay, ...folders.map((folder) => ({ folder, name: ANY, path, isOnTheWay: false }))];
  }
  const last = onTheWay.pop();
  // Writes to a device are not reported: a masked unit is a link to /dev/null, to which every process may write.
  const isSpecial = stats !== undefined && !stats.isFile() && !stats.isDirectory();
  return last === undefined ? onTheWay : [...onTheWay, { ...last, isOnTheWay: isSpecial }];
}
