// Processes of the machine, named so that a reused id is never taken for the one that was started.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { environment } from '../build/run.ts';
import { until } from '../util/until.ts';

/** An id and the clock tick, since boot, at which that process began. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}

/** Differs after every start of the machine: process ids of another boot mean nothing. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** undefined when no such process runs; one that has ended and only waits for its parent counts as gone. */
export function identify(pid: number): ProcessId | undefined {
  const fields = statFields(pid);
  const [state, , , , , , , , , , , , , , , , , , , startTime] = fields ?? [];
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTime };
}

export function isAlive(id: ProcessId | undefined): boolean {
  return id !== undefined && identify(id.pid)?.startTime === id.startTime;
}

/** Sends a signal to exactly this process; false when it is gone. */
export function signal(id: ProcessId | undefined, name: NodeJS.Signals | number): boolean {
  if (id === undefined || !isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** SIGTERM, then SIGKILL for what still runs after `graceMs`; resolves when it is gone. */
export async function endProcess(id: ProcessId | undefined, graceMs: number): Promise<void> {
  if (!signal(id, 'SIGTERM')) return;
  if (await until(() => !isAlive(id), { timeoutMs: graceMs, everyMs: 50 })) return;
  signal(id, 'SIGKILL');
  if (!(await until(() => !isAlive(id), { timeoutMs: 10_000, everyMs: 20 }))) {
    throw new Error(`Expected process ${id?.pid} to exit on SIGKILL, but it still runs after 10 s.`);
  }
}

export interface Daemon {
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Control groups that it joins before its program begins, so that nothing it starts is ever outside them. */
  readonly cgroups: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell's program: joins the control groups before `--`, then becomes the command after it. */
export const JOIN_AND_BECOME = `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"`;

/** Starts a program that outlives this process: a session of its own (no Ctrl-C reaches it), output to a file. */
export function startDaemon(daemon: Daemon): ProcessId {
  mkdirSync(dirname(daemon.logFile), { recursive: true });
  const log = openSync(daemon.logFile, 'a');
  try {
    const child = spawn('sh', ['-c', JOIN_AND_BECOME, 'sh', ...daemon.cgroups, '--', ...daemon.argv], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...environment(), ...daemon.env },
    });
    child.on('error', () => {});
    child.unref();
    const id = child.pid === undefined ? undefined : identify(child.pid);
    if (id === undefined)
      throw new Error(`Expected ${daemon.argv[0]} to start, but there is no process. See ${daemon.logFile}.`);
    return id;
  } finally {
    closeSync(log);
  }
}

/** Ids of the children of a process, in no order. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** The name of a process's program, cut at 15 characters; undefined when it is gone. */
export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat from the third (state) on: the second is a name in brackets with anything in it. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
