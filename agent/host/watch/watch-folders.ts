// Watches folders with inotify.

import { type FSWatcher, watch as watchFolder, type WatchListener } from 'node:fs';
import { basename } from 'node:path';
import { errorText } from '../../text/error-text.ts';
import { isMissing } from '../errors.ts';
import { ANY, askedPaths, type FolderToWatch } from './watch-places.ts';

/** fs.watch, or its replacement in a test. */
export type Watch = (
  folder: string,
  options: { readonly persistent: false },
  listener: WatchListener<string>,
) => FSWatcher;

export interface Outcome {
  /** `missing`: the folder was removed in the meantime. `unable`: inotify is exhausted, or may not watch the folder. */
  readonly kind: 'kept' | 'opened' | 'missing' | 'unable';
  /** Changes may have been missed: this folder, or an earlier one of its name, was watched before. */
  readonly hasGap: boolean;
  /** The reason for `unable`. */
  readonly why?: string;
}

export interface FolderWatchers {
  /** Watches the folder from now on. Never throws. */
  follow(path: string, folder: FolderToWatch): Outcome;
  drop(path: string): void;
  paths(): readonly string[];
  close(): void;
}

interface Watched {
  folder: FolderToWatch;
  readonly watcher: FSWatcher;
  /** The folder was removed or renamed: its watcher reports no further changes. */
  isStale: boolean;
}

/** Calls `onChange` with the requested path whenever something of it has changed. Does not keep the process alive. */
export function createFolderWatchers(
  onChange: (path: string) => void,
  watch: Watch = watchFolder,
): FolderWatchers {
  const watched = new Map<string, Watched>();

  function onEvent(path: string, event: string, name: string | null): void {
    const counted = watched.get(path)?.folder.counted;
    const found = counted?.get(name ?? ANY) ?? counted?.get(ANY);
    if (found !== undefined && (event === 'rename' || !found.isOnTheWay)) {
      onChange(found.path);
    }
    // libuv reports the removal of the folder itself with the folder's name, like that of an entry.
    if (name === null || (event === 'rename' && name === basename(path))) {
      onGone(path);
    }
  }

  function onGone(path: string): void {
    const gone = watched.get(path);
    if (gone !== undefined && !gone.isStale) {
      gone.isStale = true;
      askedPaths(gone.folder).forEach(onChange);
    }
  }

  function drop(path: string): void {
    watched.get(path)?.watcher.close();
    watched.delete(path);
  }

  return {
    follow(path, folder) {
      const known = watched.get(path);
      if (known !== undefined && known.folder.identity === folder.identity && !known.isStale) {
        known.folder = folder;
        return { kind: 'kept', hasGap: false };
      }
      drop(path);
      const hasGap = known !== undefined;
      try {
        const watcher = watch(path, { persistent: false }, (event, name) => onEvent(path, event, name));
        watcher.on('error', () => onGone(path));
        watched.set(path, { folder, watcher, isStale: false });
        return { kind: 'opened', hasGap };
      } catch (error) {
        return isMissing(error)
          ? { kind: 'missing', hasGap: true }
          : { kind: 'unable', hasGap, why: errorText(error) };
      }
    },
    drop,
    paths: () => [...watched.keys()],
    close: () => [...watched.keys()].forEach(drop),
  };
}
