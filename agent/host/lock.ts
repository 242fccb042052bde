// Allows one agent per node: the lock is a listening Unix socket in a folder of the host that only root may enter.
// Any process in the host's network namespace could occupy an abstract socket name, which needs no folder.

import { randomBytes } from 'node:crypto';
import { rmdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, isEacces, isMissing, unlessMissing } from './errors.ts';

export interface NodeLock {
  release(): void;
}

/** What holds the lock or waits for it: the DaemonSet's agent, or the host's own service. */
export type LockHolder = 'pod' | 'service';

export interface LockOptions {
  /** What this process is; others are told. */
  readonly as: LockHolder;
  /** Called if another process holds the lock, or wants it at the same moment, and again when one of the other kind does. */
  readonly onBusy: (holder: LockHolder) => void;
  /** Called once, while this process holds the lock, when another one keeps asking for it. */
  readonly onAsked?: () => void;
  readonly giveUp: AbortSignal;
}

/** Below the host's root. A reboot removes it. */
export const LOCK_FOLDER = '/run/kubelet-sysctl-agent';
/** Name prefix of a socket that does not listen yet. */
const NEW = 'new.';
/** Name prefix of the service's socket. That of a pod has none. */
const SERVICE = 'service.';
const RETRY_MS = 1000;
const LISTEN_TRIES = 5;
/** A process that waits asks about once a second; one that asks once gives up. */
const ASKS_OF_WAITING = 3;

/**
 * Resolves once this process alone holds the lock of `folder`; with undefined when `giveUp` is aborted first. The lock ends with the process.
 * Rejects when the folder cannot be used.
 */
export async function lockNode(
  folder: string,
  { as, onBusy, onAsked, giveUp }: LockOptions,
): Promise<NodeLock | undefined> {
  let told: LockHolder | undefined;
  while (!giveUp.aborted) {
    const other = await otherHolder(folder);
    const lock = other === undefined ? await tryLock(folder, as, onAsked) : undefined;
    if (lock !== undefined) {
      return lock;
    }
    const holder = other ?? told ?? 'pod';
    if (holder !== told) {
      told = holder;
      onBusy(holder);
    }
    // Two processes that try at the same moment both back off: the jitter separates them.
    await sleep(RETRY_MS * (0.5 + Math.random()), undefined, { signal: giveUp }).catch(() => {});
  }
  return undefined;
}

/** Listens first and only then checks for others: of two processes that do so, at least one finds the other. */
async function tryLock(
  folder: string,
  as: LockHolder,
  onAsked: () => void = () => {},
): Promise<NodeLock | undefined> {
  const name = `${as === 'service' ? SERVICE : ''}${randomBytes(8).toString('hex')}`;
  const path = join(folder, name);
  try {
    const server = await listenIn(folder, NEW + name, onAsked);
    const lock = { release: () => release(server, folder, path) };
    try {
      await rename(join(folder, NEW + name), path);
      if ((await otherHolder(folder, name)) === undefined) {
        return lock;
      }
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    return undefined;
  } catch (error) {
    // A process that released its lock removed the folder or the new socket in it.
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
    // The folder is not empty: another process waits for the lock.
  }
}

/** What another process is that listens in the folder; undefined: none does. Removes the sockets that terminated processes left; names are never reused. */
async function otherHolder(folder: string, own?: string): Promise<LockHolder | undefined> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  const listens = await Promise.all(
    names
      .filter((name) => name !== own)
      .map(async (name) => {
        if (await isListening(join(folder, name))) {
          return [name];
        }
        await rm(join(folder, name), { force: true });
        return [];
      }),
  );
  const [found] = listens.flat();
  return found === undefined ? undefined : found.replace(NEW, '').startsWith(SERVICE) ? 'service' : 'pod';
}

/** Makes the folder. Where another process removes it right then, Node reports EACCES, as for a folder that refuses the socket. */
async function listenIn(folder: string, name: string, onAsked: () => void): Promise<Server> {
  for (let tries = LISTEN_TRIES; ; tries -= 1) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      return await listen(join(folder, name), onAsked);
    } catch (error) {
      if (tries === 1 || !isEacces(error)) throw error;
    }
  }
}

function listen(path: string, onAsked: () => void): Promise<Server> {
  let asks = 0;
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => {
      connection.destroy();
      asks += 1;
      if (asks === ASKS_OF_WAITING) {
        onAsked();
      }
    });
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
