// What is to be watched for some paths: their folders, and all that leads to them.

import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isMissing } from '../errors.ts';
import { traverse } from '../files/paths.ts';
import { walkHost } from '../files/walk.ts';

/** What counts of a folder's entry. */
export interface Counted {
  /** The path that was asked for. */
  readonly path: string;
  /** Only that the entry is made, removed or renamed counts: it leads to the path. */
  readonly isOnTheWay: boolean;
}

export interface FolderToWatch {
  /** Differs from that of another folder that takes this one's place. */
  readonly identity: string;
  /** By the entry's name, or ANY. */
  readonly counted: ReadonlyMap<string, Counted>;
}

/** The paths that were asked for and that the folder has to do with. */
export function askedPaths({ counted }: FolderToWatch): readonly string[] {
  return [...new Set([...counted.values()].map(({ path }) => path))];
}

/** In place of a name: every entry of the folder counts. */
export const ANY = '';

/**
 * The folders below `root` that are there, for all paths. Where a path is missing, its nearest parent is among them. One that ends in `/`
 * is a folder of which every entry counts, at any depth.
 */
export async function foldersToWatch(
  root: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, FolderToWatch>> {
  const byFolder = new Map<string, Map<string, Counted>>();
  // Each asks for every component of its path in turn; all at once they are sooner done.
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
      const stats = await statIfThere(folder);
      return stats?.isDirectory() === true ? [[folder, { identity: identityOf(stats), counted }]] : [];
    }),
  );
  return new Map(found.flat());
}

/** An inode's number is used again. */
export function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

interface Place extends Counted {
  readonly folder: string;
  readonly name: string;
}

async function placesOf(root: string, path: string): Promise<readonly Place[]> {
  const { target, steps } = await traverse(root, path);
  const stats = await statIfThere(target);
  const onTheWay = steps.map((step) => ({ ...step, path, isOnTheWay: true }));
  if (path.endsWith('/') && stats?.isDirectory() === true) {
    const walked = await walkHost(root, target.slice(root.length) || '/');
    const folders = walked.filter(({ isFolder }) => isFolder).map((folder) => root + folder.path);
    return [...onTheWay, ...folders.map((folder) => ({ folder, name: ANY, path, isOnTheWay: false }))];
  }
  const last = onTheWay.pop();
  // A device is written to by everybody, and says nothing new by it: /dev/null, which a link to it masks a unit by.
  const isSpecial = stats !== undefined && !stats.isFile() && !stats.isDirectory();
  return last === undefined ? onTheWay : [...onTheWay, { ...last, isOnTheWay: isSpecial }];
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
