// A small process that removes the bed when the process that started it dies for any reason.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify } from '../host/processes.ts';
import type { ProcessId } from '../host/processes.ts';
import { bedFolder } from './record.ts';

export interface Guardian {
  readonly id: ProcessId | undefined;
  /** Ends the guardian without a cleanup: the bed stays, or is already removed. */
  dismiss(): void;
}

/** A shell waits, since it is small. The kernel closes its input when this process ends; then it executes Node, which cleans up. */
const WAIT = `read -r word; [ "$word" = dismissed ] && exit 0; exec "$@"`;
const CLEAN_UP = fileURLToPath(new URL('guardian-main.ts', import.meta.url));

/** Starts the guardian of the bed with this id; it does not touch a later bed of the same name. */
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
  // The pipe must not keep this process alive. Its type lacks the method of a socket.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return {
    id: child.pid === undefined ? undefined : identify(child.pid),
    dismiss: () => void stdin.end('dismissed\n'),
  };
}
