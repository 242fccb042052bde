// inotify on host files. Folders are watched, since editors and configuration managers replace files by renames.

import { watch, type FSWatcher, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { HostWatch } from '../node/ports.ts';
import { isMissing } from './errors.ts';
import { resolveHostPath } from './paths.ts';

/** Watches the given paths below `root` until the next call of `watchPaths`, which replaces the set. */
export function hostWatch(root: string, onChange: (path: string) => void): HostWatch {
  const watched = new Map<string, { watcher: FSWatcher; names: Map<string, string> }>();

  return {
    async watchPaths(paths) {
      const wanted = await foldersOf(root, paths);
      for (const [folder, { watcher }] of watched) {
        if (!wanted.has(folder)) {
          watcher.close();
          watched.delete(folder);
        }
      }
      for (const [folder, names] of wanted) {
        const known = watched.get(folder);
        if (known === undefined) {
          watched.set(folder, { watcher: watchFolder(folder), names });
        } else {
          known.names = names;
        }
      }
    },
    close() {
      for (const { watcher } of watched.values()) {
        watcher.close();
      }
      watched.clear();
    },
  };

  function watchFolder(folder: string): FSWatcher {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      const names = watched.get(folder)?.names;
      const path = name === null ? folder : (names?.get(name) ?? names?.get(ANY));
      if (path !== undefined) {
        onChange(path);
      }
    });
    // The folder itself went away: whoever watches hears of it and asks again.
    watcher.on('error', () => {
      watched.delete(folder);
      onChange(folder);
    });
    return watcher;
  }
}

/** In place of a name: every entry of the folder counts. */
const ANY = '';

/** Folder below `root` → names in it that count → the path asked for. A missing folder is waited for in its parent. */
async function foldersOf(root: string, paths: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const folders = new Map<string, Map<string, string>>();
  // Each asks for every component of its path in turn; all at once they are sooner done.
  const places = await Promise.all(paths.map((path) => placesToWatch(root, path)));
  for (const { folder, name, path } of places.flat()) {
    const names = folders.get(folder) ?? new Map<string, string>();
    folders.set(folder, names.set(name, path));
  }
  return folders;
}

interface Place {
  readonly folder: string;
  readonly name: string;
  /** The path that was asked for. */
  readonly path: string;
}

async function placesToWatch(root: string, path: string): Promise<readonly Place[]> {
  const target = await resolveHostPath(root, path);
  if (path.endsWith('/') && (await isFolder(target))) {
    return [{ folder: target, name: ANY, path }];
  }
  // The place of the link as well as that of the file it leads to.
  const own = (await resolveHostPath(root, dirname(path))) + '/' + basename(path);
  const places = (await isSpecial(target)) ? [own] : [own, target];
  return Promise.all([...new Set(places)].map(async (place) => ({ ...(await nearestFolder(place)), path })));
}

async function nearestFolder(path: string): Promise<Omit<Place, 'path'>> {
  const folder = dirname(path);
  return (await isFolder(folder)) ? { folder, name: basename(path) } : nearestFolder(folder);
}

/** A device is written to by everybody, and says nothing new by it: /dev/null, which a link to it masks a unit by. */
async function isSpecial(path: string): Promise<boolean> {
  const stats = await statIfThere(path);
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

async function isFolder(path: string): Promise<boolean> {
  return (await statIfThere(path))?.isDirectory() === true;
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
