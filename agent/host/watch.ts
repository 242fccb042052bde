// inotify on host files. Folders are watched, since editors and configuration managers replace files by renames.

import { type FSWatcher, watch as watchFolder, type WatchListener } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { HostWatch } from '../node/ports.ts';
import { errorText } from '../text/error-text.ts';
import { isMissing } from './errors.ts';
import { createTurns } from './turns.ts';
import { ANY, foldersToWatch, type FolderToWatch } from './watch-places.ts';
import { changedPaths, type Snapshot, snapshotOf } from './watch-snapshot.ts';

export interface HostWatchOptions {
  /** Called once when folders begin to be polled, with the reason, and again only after all of them could be watched. */
  readonly onPolling?: (why: string) => void;
  /** How often what inotify cannot watch is compared, in ms. */
  readonly pollMs?: number;
  /** fs.watch, or another in its place. */
  readonly watch?: (
    folder: string,
    options: { readonly persistent: false },
    listener: WatchListener<string>,
  ) => FSWatcher;
}

/** Where inotify is exhausted, drift is found within this time. */
const POLL_MS = 10_000;

interface Watched {
  folder: FolderToWatch;
  /** undefined: it is polled. */
  readonly watcher: FSWatcher | undefined;
  snapshot: Snapshot;
  /** The folder was removed or renamed: its watcher says nothing any more. */
  isStale: boolean;
}

/** Watches the given paths below `root` until the next call of `watchPaths`, which replaces the set. */
export function hostWatch(
  root: string,
  onChange: (path: string) => void,
  { onPolling = () => {}, pollMs = POLL_MS, watch = watchFolder }: HostWatchOptions = {},
): HostWatch {
  const watched = new Map<string, Watched>();
  const inTurn = createTurns();
  let isClosed = false;
  let isPolling = false;
  let timer: NodeJS.Timeout | undefined;

  return {
    watchPaths: (paths) =>
      inTurn('', async () => {
        const wanted = await foldersToWatch(root, paths);
        for (const [path, { watcher }] of watched) {
          if (!wanted.has(path)) {
            watcher?.close();
            watched.delete(path);
          }
        }
        for (const [path, folder] of wanted) {
          await watchOne(path, folder);
        }
        isPolling = polled().length > 0;
        schedulePoll();
      }),
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const { watcher } of watched.values()) {
        watcher?.close();
      }
      watched.clear();
    },
  };

  async function watchOne(path: string, folder: FolderToWatch): Promise<void> {
    const known = watched.get(path);
    const isSame = known?.folder.identity === folder.identity && !known.isStale;
    if (isClosed || (known?.watcher !== undefined && isSame)) {
      if (known !== undefined) known.folder = folder;
      return;
    }
    known?.watcher?.close();
    watched.delete(path);
    const watcher = open(path);
    if (watcher === 'missing') {
      return tell(folder);
    }
    // What was polled is compared with what it was last.
    const keepsSnapshot = isSame && isDeepStrictEqual(known.folder.counted, folder.counted);
    const snapshot =
      watcher !== undefined
        ? new Map()
        : keepsSnapshot
          ? known.snapshot
          : await snapshotOf(path, folder.counted);
    watched.set(path, { folder, watcher, snapshot, isStale: false });
    // Until now it was not watched, or as another one: the last pass may have missed a change.
    if (known !== undefined && (watcher !== undefined || !isSame)) {
      tell(folder);
    }
  }

  /** undefined: it cannot be watched. */
  function open(path: string): FSWatcher | 'missing' | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (event, name) => onEvent(path, event, name));
      watcher.on('error', () => onGone(path));
      return watcher;
    } catch (error) {
      if (isMissing(error)) {
        return 'missing';
      }
      if (!isPolling) {
        isPolling = true;
        onPolling(errorText(error));
      }
      return undefined;
    }
  }

  function onEvent(path: string, event: string, name: string | null): void {
    const counted = watched.get(path)?.folder.counted;
    const found = counted?.get(name ?? ANY) ?? counted?.get(ANY);
    if (found !== undefined && (event === 'rename' || !found.isOnTheWay)) {
      onChange(found.path);
    }
    // libuv tells of the folder's own end by the folder's name, as of an entry.
    if (name === null || (event === 'rename' && name === basename(path))) {
      onGone(path);
    }
  }

  function onGone(path: string): void {
    const gone = watched.get(path);
    if (gone !== undefined && !gone.isStale) {
      gone.isStale = true;
      tell(gone.folder);
    }
  }

  function tell({ counted }: FolderToWatch): void {
    for (const path of new Set([...counted.values()].map((entry) => entry.path))) {
      onChange(path);
    }
  }

  function polled(): readonly [string, Watched][] {
    return [...watched].filter(([, { watcher }]) => watcher === undefined);
  }

  function schedulePoll(): void {
    clearTimeout(timer);
    if (!isClosed && polled().length > 0) {
      timer = setTimeout(() => void inTurn('', poll), pollMs);
      timer.unref();
    }
  }

  async function poll(): Promise<void> {
    for (const [path, known] of polled()) {
      const snapshot = await snapshotOf(path, known.folder.counted);
      const changed = changedPaths(known.snapshot, snapshot, known.folder.counted);
      known.snapshot = snapshot;
      for (const asked of isClosed ? [] : changed) {
        onChange(asked);
      }
    }
    schedulePoll();
  }
}
