// Slow builds run once and are cached outside the checkout, keyed by the content of their inputs.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { whileLocked } from '../lifecycle/lock.ts';
import type { Log } from '../util/progress.ts';

/** Returns the cache's root: $KUBELET_SYSCTLS_CACHE, or a folder in the user's cache folder. */
export function cacheFolder(): string {
  const { KUBELET_SYSCTLS_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return own || join(xdg || join(homedir(), '.cache'), 'kubelet-sysctl-agent');
}

/**
 * Returns the folder with the result of `make` for exactly these inputs.
 *
 * `make` runs once, in a temporary folder that gets its final name only after `make` finishes, so an interrupted build is
 * never used. Of two concurrent callers, in one process or in two, one runs `make`; the other logs that it waits.
 * Rethrows what `make` throws, and leaves no files then.
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

/** Removes all but the `keep` most recently used results of a name. */
export async function pruneCache(name: string, keep: number): Promise<void> {
  const shelf = join(cacheFolder(), name);
  const paths = (await readdir(shelf))
    .filter((entry) => /^[0-9a-f]+$/.test(entry))
    .map((entry) => join(shelf, entry));
  const used = await Promise.all(paths.map(async (path) => ({ path, at: await lastUsed(path) })));
  const old = used.toSorted((a, b) => b.at - a.at).slice(keep);
  await Promise.all(old.map(({ path }) => removeTree(path)));
}

/** Returns epoch milliseconds; 0 when another run has just removed the folder. */
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

/** Removes partial results. The caller must hold the lock: then a partial result was left by a process that died. */
async function removeCutOff(shelf: string): Promise<void> {
  const parts = (await readdir(shelf)).filter((entry) => entry.includes('.part-'));
  await Promise.all(parts.map((entry) => removeTree(join(shelf, entry))));
}

/** Throws when something is mounted below: a tool that died may have left the machine's own /dev there. */
async function removeTree(path: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  if (mounts.includes(` ${path}/`)) {
    throw new Error(`Expected no mount below ${path}, found one. Unmount it, then remove the folder.`);
  }
  // Tools of an interrupted run may still be exiting.
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Returns whether the folder exists, and sets its modification time to now: the time of its last use. */
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
