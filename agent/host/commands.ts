// Runs commands on the host: argv arrays through nsenter, never a shell.

import { execa } from 'execa';
import { endGroupAfter } from './process-group.ts';

/** A host command that could not be run, timed out or did not exit with 0. */
export class HostCommandError extends Error {
  readonly argv: readonly string[];
  /** undefined: the command could not be run, took too long, or was terminated by a signal. */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(
    argv: readonly string[],
    exitCode: number | undefined,
    stderr: string,
    cause: unknown,
    ending = exitCode === undefined ? 'was terminated' : `exited with ${exitCode}`,
  ) {
    super(`${argv.join(' ')} ${ending}: ${inOneLine(stderr) || 'no output'}`, { cause });
    this.name = 'HostCommandError';
    this.argv = argv;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** The text without line breaks and without its final period, to be embedded in a sentence. */
function inOneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/gu, ' ')
    .replace(/\.$/u, '');
}

/** Runs one command. Resolves with its stdout; rejects with a HostCommandError. `file`: executed instead of the first word of `argv`. */
export type RunOnHost = (
  argv: readonly string[],
  options?: { timeoutMs?: number; file?: string },
) => Promise<string>;

/**
 * The argv prefix that runs a command in the namespaces of `pid`. PID 1 is the host's, for a pod with hostPID. The PID namespace is not
 * entered: the pod shares it, and nsenter would fork for it, so that a signal would terminate nsenter instead of the command.
 */
export function enterNamespacesOf(pid: number): readonly string[] {
  return ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '--'];
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs commands behind `prefix`. After `timeoutMs` (default 60 s) a command and all processes of its group are terminated. */
export function hostCommands(prefix: readonly string[] = enterNamespacesOf(1)): RunOnHost {
  return async (argv, { timeoutMs = DEFAULT_TIMEOUT_MS, file = argv[0] ?? '' } = {}) => {
    const [command = '', ...args] = [...prefix, file, ...argv.slice(1)];
    const child = execa(command, args, {
      stdin: 'ignore',
      reject: false,
      // Makes the command the leader of a process group, which a timeout can signal.
      detached: true,
      stripFinalNewline: true,
      env: { LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' },
    });
    const timeout = endGroupAfter(child, timeoutMs);
    const result = await child;
    timeout.end();
    if (!result.failed && !timeout.isOver) {
      return result.stdout;
    }
    const ending = timeout.isOver
      ? `took longer than ${timeoutMs / 1000} s and was terminated`
      : endingOf(result);
    throw new HostCommandError(
      argv,
      timeout.isOver ? undefined : result.exitCode,
      result.stderr,
      result,
      ending,
    );
  };
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly originalMessage?: string | undefined;
}

function endingOf({ exitCode, signal, originalMessage = '' }: Ended): string {
  if (exitCode !== undefined) {
    return `exited with ${exitCode}`;
  }
  return signal === undefined ? `could not be run (${originalMessage})` : `was terminated by ${signal}`;
}
