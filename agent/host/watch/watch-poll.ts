// Polls folders that inotify cannot watch, by comparing their entries with an earlier snapshot.

import { lstat, readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ANY, type FolderToWatch, identityOf } from './watch-places.ts';

export interface FolderPoller {
  /** Polls the folder from now on. An existing snapshot for the same entries is kept. */
  follow(path: string, folder: FolderToWatch): Promise<void>;
  has(path: string): boolean;
  drop(path: string): void;
  paths(): readonly string[];
  close(): void;
}

/** Calls `onChange` with the requested path at most `pollMs` after something of it has changed. Does not keep the process alive. */
export function createFolderPoller(onChange: (path: string) => void, pollMs: number): FolderPoller {
  const polled = new Map<string, { readonly counted: CountedNames; snapshot: Snapshot }>();
  let timer: NodeJS.Timeout | undefined;

  async function poll(): Promise<void> {
    for (const [path, known] of polled) {
      const snapshot = await snapshotOf(path, known.counted);
      if (polled.get(path) === known) {
        const changed = changedPaths(known.snapshot, snapshot, known.counted);
        known.snapshot = snapshot;
        changed.forEach(onChange);
      }
    }
    schedule();
  }

  function schedule(): void {
    clearTimeout(timer);
    if (polled.size > 0) {
      timer = setTimeout(() => void poll(), pollMs);
      timer.unref();
    }
  }

  return {
    async follow(path, { counted }) {
      if (!isDeepStrictEqual(polled.get(path)?.counted, counted)) {
        polled.set(path, { counted, snapshot: await snapshotOf(path, counted) });
        schedule();
      }
    },
    has: (path) => polled.has(path),
    drop: (path) => void polled.delete(path),
    paths: () => [...polled.keys()],
    close() {
      polled.clear();
      clearTimeout(timer);
    },
  };
}

/** By the entry's name. */
type Snapshot = ReadonlyMap<string, string>;
type CountedNames = FolderToWatch['counted'];

/** Never rejects: an entry that cannot be read has the signature `none`. */
async function snapshotOf(folder: string, counted: CountedNames): Promise<Snapshot> {
  const inFolder = counted.has(ANY) ? await readdir(folder).catch((): string[] => []) : [];
  const names = new Set([...counted.keys(), ...inFolder]);
  names.delete(ANY);
  const entries = [...names].map(async (name): Promise<readonly [string, string]> => {
    const isOnTheWay = counted.get(name)?.isOnTheWay ?? false;
    return [name, await signatureOf(posix.join(folder, name), isOnTheWay)];
  });
  return new Map(await Promise.all(entries));
}

/** The requested paths of which something differs. */
function changedPaths(before: Snapshot, after: Snapshot, counted: CountedNames): readonly string[] {
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
