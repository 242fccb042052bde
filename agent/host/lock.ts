// One agent a node: a name that only one process of the host's network namespace can have, and that goes with it.

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface NodeLock {
  release(): void;
}

const RETRY_MS = 1000;

/**
 * Resolves once this process alone holds `name`, an abstract Unix socket (unix(7)), which no file is left of; undefined when
 * `giveUp` ends first. `onBusy` is called once when another process has it.
 */
export async function lockNode(
  name: string,
  { onBusy, giveUp }: { readonly onBusy: () => void; readonly giveUp: AbortSignal },
): Promise<NodeLock | undefined> {
  for (let tries = 0; !giveUp.aborted; tries += 1) {
    const lock = await tryLock(name);
    if (lock !== undefined) {
      return lock;
    }
    if (tries === 0) {
      onBusy();
    }
    await sleep(RETRY_MS, undefined, { signal: giveUp }).catch(() => {});
  }
  return undefined;
}

function tryLock(name: string): Promise<NodeLock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') {
        resolve(undefined);
      } else {
        reject(error);
      }
    });
    server.listen(`\0${name}`, () => resolve({ release: () => server.close() }));
  });
}
