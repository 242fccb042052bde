// One agent a node: a listening Unix socket in a folder of the host that root alone may enter. An abstract name, which needs no folder, could
// be taken by any process in the host's network namespace.

import { randomBytes } from 'node:crypto';
import { rmdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, isMissing } from './errors.ts';

export interface NodeLock {
  release(): void;
}

/** Below the host's root. It is gone after a reboot. */
export const LOCK_FOLDER = '/run/kubelet-sysctl-agent';
/** Of a socket that does not listen yet. */
const NEW = 'new.';
const RETRY_MS = 1000;

/**
 * Resolves once this process alone holds the lock of `folder`, which goes with the process; undefined when `giveUp` ends first. `onBusy` is
 * called once when another process has it. Rejects when the folder cannot be used.
 */
export async function lockNode(
  folder: string,
  { onBusy, giveUp }: { readonly onBusy: () => void; readonly giveUp: AbortSignal },
): Promise<NodeLock | undefined> {
  for (let tries = 0; !giveUp.aborted; tries += 1) {
    const lock = (await hasOthers(folder)) ? undefined : await tryLock(folder);
    if (lock !== undefined) {
      return lock;
    }
    if (tries === 0) {
      onBusy();
    }
    // Two that try at the same moment both give way.
    await sleep(RETRY_MS * (0.5 + Math.random()), undefined, { signal: giveUp }).catch(() => {});
  }
  return undefined;
}

/** Listens first and only then asks for others: of two that do so, at least one finds the other. */
async function tryLock(folder: string): Promise<NodeLock | undefined> {
  const name = randomBytes(8).toString('hex');
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const server = await listen(join(folder, NEW + name));
    const lock = { release: () => release(server, folder, path) };
    try {
      await rename(join(folder, NEW + name), path);
      if (!(await hasOthers(folder, name))) {
        return lock;
      }
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    return undefined;
  } catch (error) {
    // One that released its lock removed the folder, or what was new in it.
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

function release(server: Server, folder: string, path: string): void {
  rmSync(path, { force: true });
  server.close();
  try {
    rmdirSync(folder);
  } catch {
    // Another process waits for the lock.
  }
}

/** True when another process listens in the folder. What processes that have ended left is removed: no other process has its name. */
async function hasOthers(folder: string, own?: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  });
  const listens = await Promise.all(
    names
      .filter((name) => name !== own)
      .map(async (name) => {
        if (await isListening(join(folder, name))) {
          return true;
        }
        await rm(join(folder, name), { force: true });
        return false;
      }),
  );
  return listens.includes(true);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!hasCode(error, 'ECONNREFUSED') && !isMissing(error)));
  });
}
