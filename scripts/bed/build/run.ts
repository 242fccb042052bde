// Runs one command to completion; the caller can accept a non-zero exit status.

import { constants } from 'node:os';
import { execa } from 'execa';
import { ToolError } from './tool.ts';

export interface RunOptions {
  readonly input?: string;
  /** false: return a non-zero exit status instead of throwing. */
  readonly reject?: boolean;
  readonly timeoutMs?: number;
}

export interface Outcome {
  /** Without the final newline. */
  readonly stdout: string;
  readonly stderr: string;
  /** As in a shell: 128 plus the signal after a signal, 124 after a timeout. */
  readonly exitCode: number;
}

/**
 * Runs one command with exactly this environment. Throws a ToolError with the command's output when it cannot be run, when it
 * takes longer than `timeoutMs`, and, unless `reject` is false, when it exits with anything but 0.
 */
export async function run(
  argv: readonly string[],
  options: RunOptions = {},
  env: Readonly<Record<string, string>> = environment(),
): Promise<Outcome> {
  const [file = '', ...args] = argv;
  const limited = options.timeoutMs !== undefined;
  const running = execa(file, args, {
    reject: false,
    extendEnv: false,
    env,
    // In its own process group, so that its children can be ended with it.
    detached: limited,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
  });
  const limit = limitTime(running.pid, options.timeoutMs);
  const result = await running.finally(() => limit.lift());
  const { stdout, stderr } = result;
  const unfinished = limit.reached() || (result.exitCode === undefined && result.signal === undefined);
  if (unfinished) throw new ToolError(argv, undefined, said(stdout, stderr), result.cause ?? result);
  const exitCode = result.exitCode ?? signalStatus(result.signal);
  if (exitCode !== 0 && options.reject !== false) {
    throw new ToolError(argv, exitCode, said(stdout, stderr), result);
  }
  return { stdout, stderr, exitCode };
}

/** Returns this process's environment with the C locale, whose output we parse, and without proxies, which cannot reach a bed. */
export function environment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/_proxy$/i.test(entry[0]),
  );
  return { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8' };
}

function limitTime(pid: number | undefined, ms: number | undefined): { reached(): boolean; lift(): void } {
  if (ms === undefined) return { reached: () => false, lift: () => {} };
  let reached = false;
  const timer = setTimeout(() => {
    reached = true;
    killGroup(pid);
  }, ms);
  return { reached: () => reached, lift: () => clearTimeout(timer) };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has exited meanwhile.
  }
}

function signalStatus(signal: NodeJS.Signals | undefined): number {
  return 128 + (signal === undefined ? 0 : constants.signals[signal]);
}

function said(...outputs: readonly string[]): string {
  return outputs.filter(Boolean).join('\n');
}
