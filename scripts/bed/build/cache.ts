// Things that are slow to make are made once, outside the checkout, and found again by the content of what they are made from.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { whileLocked } from '../lifecycle/lock.ts';
import type { Log } from '../util/progress.ts';

/** Where everything that is kept between runs lies: $KUBELET_SYSCTLS_CACHE, or the user's cache folder. */
export function cacheFolder(): string {
  const { KUBELET_SYSCTLS_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return own || join(xdg || join(homedir(), '.cache'), 'kubelet-sysctl-agent');
}

/**
 * The folder that holds the outcome of `make` for exactly these inputs.
 *
 * It is made once, in a temporary folder that gets its final name only when `make` is through: what was cut off is
 * never taken for complete. Of two callers at once, in one process or in two, one makes and the other waits and says so.
 * What `make` throws passes through and leaves nothing.
 */
export async function cached(
  name: string,
  inputs: readonly (string | Uint8Array)[],
  make: (folder: string, note: (text: string) => void) => Promise<void>,
  log: Log,
): Promise<string> {
  const shelf = join(cacheFolder(), name);
  const folder = join(shelf, digest(inputs));
  if (await markUsed(folder)) return folder;

  await mkdir(shelf, { recursive: true });
  const onWait = (): void => log.say(`Another run is making ${name}; waiting for it.`);
  await whileLocked(join(shelf, 'lock'), onWait, async () => {
    if (await markUsed(folder)) return;
    await removeCutOff(shelf);
    await log.step(`Making ${name}`, (note) => makeWhole(folder, (temporary) => make(temporary, note)));
  });
  return folder;
}

/** Removes all but the `keep` most recently used outcomes of a name whose inputs change often. */
export async function pruneCache(name: string, keep: number): Promise<void> {
  const shelf = join(cacheFolder(), name);
  const paths = (await readdir(shelf))
    .filter((entry) => /^[0-9a-f]+$/.test(entry))
    .map((entry) => join(shelf, entry));
  const used = await Promise.all(paths.map(async (path) => ({ path, at: await lastUsed(path) })));
  const old = used.toSorted((a, b) => b.at - a.at).slice(keep);
  await Promise.all(old.map(({ path }) => removeTree(path)));
}

/** In milliseconds; 0 when another run has just removed it. */
async function lastUsed(folder: string): Promise<number> {
  return (await stat(folder, { throwIfNoEntry: false }))?.mtimeMs ?? 0;
}

async function makeWhole(folder: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = await mkdtemp(`${folder}.part-`);
  try {
    await make(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await removeTree(temporary);
    throw error;
  }
}

/** Whoever holds the lock is the only maker of that name, so a part that lies about was left by one that died. */
async function removeCutOff(shelf: string): Promise<void> {
  const parts = (await readdir(shelf)).filter((entry) => entry.includes('.part-'));
  await Promise.all(parts.map((entry) => removeTree(join(shelf, entry))));
}

/** Never deletes through a mount: a tool that died may have left the machine's own /dev in there. */
async function removeTree(path: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  if (mounts.includes(` ${path}/`)) {
    throw new Error(`Expected no mount below ${path}, found one. Unmount it, then remove the folder.`);
  }
  // Tools of a run that was just cut off may be ending still.
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Whether the folder is there; its time of change says when it was last used. */
async function markUsed(folder: string): Promise<boolean> {
  try {
    const now = new Date();
    await utimes(folder, now, now);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function digest(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const bytes = Buffer.from(input);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}
