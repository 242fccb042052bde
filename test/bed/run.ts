// One command to its end, its exit status handed to the caller who wants it.

import { constants } from 'node:os';
import { execa } from 'execa';
import { ToolError } from './tool.ts';

export interface RunOptions {
  readonly input?: string;
  /** false: a non-zero exit status is an outcome, not an error. */
  readonly reject?: boolean;
  readonly timeoutMs?: number;
}

export interface Outcome {
  /** Without the final newline. */
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell says it: 128 and the signal for a command that a signal ended, 124 for one that took too long. */
  readonly exitCode: number;
}

/**
 * Runs one command with exactly this environment. Throws a ToolError with what it said when it cannot be run, when it takes
 * longer than `timeoutMs`, and, unless `reject` is false, when it exits with anything but 0.
 */
export async function run(
  argv: readonly string[],
  options: RunOptions = {},
  env: Readonly<Record<string, string>> = environment(),
): Promise<Outcome> {
  const [file = '', ...args] = argv;
  const result = await execa(file, args, {
    reject: false,
    extendEnv: false,
    env,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  const { stdout, stderr } = result;
  const unfinished = result.timedOut || (result.exitCode === undefined && result.signal === undefined);
  if (unfinished) throw new ToolError(argv, undefined, said(stdout, stderr), result.cause ?? result);
  const exitCode = result.exitCode ?? signalStatus(result.signal);
  if (exitCode !== 0 && options.reject !== false) {
    throw new ToolError(argv, exitCode, said(stdout, stderr), result);
  }
  return { stdout, stderr, exitCode };
}

/** This process's environment in the language that tools are parsed in. */
export function environment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8' };
}

function signalStatus(signal: NodeJS.Signals | undefined): number {
  return 128 + (signal === undefined ? 0 : constants.signals[signal]);
}

function said(...outputs: readonly string[]): string {
  return outputs.filter(Boolean).join('\n');
}
