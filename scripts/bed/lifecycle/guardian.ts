// A small process that takes the bed down when the process that started it dies, however it dies.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify } from '../host/processes.ts';
import type { ProcessId } from '../host/processes.ts';
import { bedFolder } from './record.ts';

export interface Guardian {
  readonly id: ProcessId | undefined;
  /** The bed is to stay, or is gone already. */
  dismiss(): void;
}

/** A shell waits, since it is small; at the end of its input, which the kernel closes with us, it becomes Node and cleans up. */
const WAIT = `read -r word; [ "$word" = dismissed ] && exit 0; exec "$@"`;
const CLEAN_UP = fileURLToPath(new URL('guardian-main.ts', import.meta.url));

/** Starts the guardian of one bed; a later bed of the same name is not touched. */
export function startGuardian(bed: string, id: string): Guardian {
  const log = openSync(join(bedFolder(bed), 'log', 'guardian.log'), 'a');
  const child = spawn('sh', ['-c', WAIT, 'sh', process.execPath, CLEAN_UP, bed, id], {
    detached: true,
    stdio: ['pipe', log, log],
    cwd: '/',
  });
  closeSync(log);
  const { stdin } = child;
  if (stdin === null) throw new Error('Expected a pipe to the guardian, got none.');
  child.on('error', () => {});
  stdin.on('error', () => {});
  child.unref();
  // The pipe must not keep this process alive; its type does not say that it is a socket.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return {
    id: child.pid === undefined ? undefined : identify(child.pid),
    dismiss: () => void stdin.end('dismissed\n'),
  };
}
