// A lock between processes that the kernel releases when its holder dies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const SAY_WAITING_AFTER_MS = 500;

/**
 * Runs `work` under the exclusive lock of a file. Creates the file when it is missing, and never removes it: two processes
 * could then lock two files. Calls `onWait` once when another process holds the lock. Node has no flock(2), so flock(1)
 * holds the lock while its standard input is open: when this process is killed, the lock is free at once.
 * Throws when flock cannot be run or the file cannot be opened.
 */
export async function whileLocked(
  path: string,
  onWait: () => void,
  work: () => Promise<void>,
): Promise<void> {
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const waiting = setTimeout(onWait, SAY_WAITING_AFTER_MS);
  try {
    const held = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
    clearTimeout(waiting);
    if (!held) throw new Error(`Expected flock to lock ${path}, got exit status ${holder.exitCode}.`);
    await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    await ended;
  }
}
