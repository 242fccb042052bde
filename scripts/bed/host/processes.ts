// Processes of the machine, identified by id and start time, so that a reused id is never mistaken for the original.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { environment } from '../build/run.ts';
import { until } from '../util/until.ts';

/** A process id, and the clock tick since boot at which the process started. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}

/** Returns an id of this boot: process ids of another boot are meaningless. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Returns undefined when no such process runs, or when it is a zombie. */
export function identify(pid: number): ProcessId | undefined {
  const fields = statFields(pid);
  const [state, , , , , , , , , , , , , , , , , , , startTime] = fields ?? [];
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTime };
}

export function isAlive(id: ProcessId | undefined): boolean {
  return id !== undefined && identify(id.pid)?.startTime === id.startTime;
}

/** Sends a signal to exactly this process; returns false when it has exited. */
export function signal(id: ProcessId | undefined, name: NodeJS.Signals | number): boolean {
  if (id === undefined || !isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Sends SIGTERM, and SIGKILL after `graceMs`; resolves when the process has exited, throws when it survives both. */
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
  /** Control groups that the process joins before its program starts, so that its children are in them too. */
  readonly cgroups: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell program: joins the control groups named before `--`, then executes the command after it. */
export const JOIN_AND_BECOME = `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"`;

/** Starts a program that outlives this process: in its own session (Ctrl-C does not reach it), with its output in a file. */
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

/** Returns the ids of the children of a process, unordered. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Returns the name of a process's program, cut at 15 characters; undefined when the process has exited. */
export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** Returns the fields of /proc/PID/stat from the third (state) on: the second is a name in brackets that may contain any character. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
