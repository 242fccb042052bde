// Reports changes of the host's files. It watches folders, since editors and configuration managers replace files by renaming.

import type { HostWatch } from '../../node/ports.ts';
import { createTurns } from '../files/turns.ts';
import { createFolderWatchers, type Watch } from './watch-folders.ts';
import { askedPaths, foldersToWatch, type FolderToWatch } from './watch-places.ts';
import { createFolderPoller } from './watch-poll.ts';

export interface HostWatchOptions {
  /** Called with the reason when polling begins; called again only after inotify could watch all folders in between. */
  readonly onPolling?: (why: string) => void;
  /** Interval at which folders are polled that inotify cannot watch, in ms. */
  readonly pollMs?: number;
  readonly watch?: Watch;
}

/** While inotify is exhausted, drift is found within this time. */
const POLL_MS = 10_000;

/** Watches the given paths below `root` until the next call of `watchPaths`, which replaces the set. */
export function hostWatch(
  root: string,
  onChange: (path: string) => void,
  { onPolling = () => {}, pollMs = POLL_MS, watch }: HostWatchOptions = {},
): HostWatch {
  const watchers = createFolderWatchers(onChange, watch);
  const poller = createFolderPoller(onChange, pollMs);
  const inTurn = createTurns();
  let isClosed = false;

  /** The reason why the folder is polled; undefined when it is watched or no longer exists. */
  async function follow(path: string, folder: FolderToWatch): Promise<string | undefined> {
    const outcome = watchers.follow(path, folder);
    const wasPolled = poller.has(path);
    if (outcome.kind === 'unable') {
      await poller.follow(path, folder);
    } else {
      poller.drop(path);
    }
    // The last pass may have missed a change: trigger another one.
    if (outcome.hasGap || (outcome.kind === 'opened' && wasPolled)) {
      askedPaths(folder).forEach(onChange);
    }
    return outcome.why;
  }

  async function watchAll(paths: readonly string[]): Promise<void> {
    const wanted = await foldersToWatch(root, paths);
    const isNew = poller.paths().length === 0;
    for (const path of [...watchers.paths(), ...poller.paths()].filter((known) => !wanted.has(known))) {
      watchers.drop(path);
      poller.drop(path);
    }
    const reasons: (string | undefined)[] = [];
    for (const [path, folder] of isClosed ? [] : wanted) {
      reasons.push(await follow(path, folder));
    }
    const why = reasons.find((reason) => reason !== undefined);
    if (isNew && why !== undefined) {
      onPolling(why);
    }
    if (isClosed) {
      close();
    }
  }

  function close(): void {
    isClosed = true;
    watchers.close();
    poller.close();
  }

  return { watchPaths: (paths) => inTurn('', () => watchAll(paths)), close };
}
