// A folder's entries at one moment, to be compared where inotify cannot watch them.

import { lstat, readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { ANY, type FolderToWatch, identityOf } from './watch-places.ts';

/** By the entry's name. */
export type Snapshot = ReadonlyMap<string, string>;
type CountedNames = FolderToWatch['counted'];

/** Never rejects: what cannot be read is an entry like any other. */
export async function snapshotOf(folder: string, counted: CountedNames): Promise<Snapshot> {
  const inFolder = counted.has(ANY) ? await readdir(folder).catch((): string[] => []) : [];
  const names = new Set([...counted.keys(), ...inFolder]);
  names.delete(ANY);
  const entries = [...names].map(async (name): Promise<readonly [string, string]> => {
    const isOnTheWay = counted.get(name)?.isOnTheWay ?? false;
    return [name, await signatureOf(posix.join(folder, name), isOnTheWay)];
  });
  return new Map(await Promise.all(entries));
}

/** The paths that were asked for and of which something differs. */
export function changedPaths(before: Snapshot, after: Snapshot, counted: CountedNames): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  const changed = [...names].filter((name) => before.get(name) !== after.get(name));
  return [...new Set(changed.flatMap((name) => (counted.get(name) ?? counted.get(ANY))?.path ?? []))];
}

async function signatureOf(path: string, isOnTheWay: boolean): Promise<string> {
  try {
    const stats = await lstat(path);
    const { size, mtimeMs, ctimeMs } = stats;
    return isOnTheWay ? identityOf(stats) : `${identityOf(stats)}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch {
    return 'none';
  }
}
