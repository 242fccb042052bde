// Commands on the host: argv arrays through nsenter, never a shell.

import { execa } from 'execa';
import { endGroupAfter } from './process-group.ts';

/** A host command that could not be run, took too long or did not exit with 0. */
export class HostCommandError extends Error {
  readonly argv: readonly string[];
  /** undefined: the command could not be run, or a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(
    argv: readonly string[],
    exitCode: number | undefined,
    stderr: string,
    cause: unknown,
    ending = exitCode === undefined ? 'was ended' : `exited with ${exitCode}`,
  ) {
    super(`${argv.join(' ')} ${ending}: ${inOneLine(stderr) || 'it printed nothing'}`, { cause });
    this.name = 'HostCommandError';
    this.argv = argv;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Part of a sentence that goes on. */
function inOneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/gu, ' ')
    .replace(/\.$/u, '');
}

/** Runs one command and returns what it printed; rejects with a HostCommandError. */
export type RunOnHost = (argv: readonly string[], options?: { timeoutMs?: number }) => Promise<string>;

/**
 * What runs a command in the namespaces of a process: for the host's PID 1, which a pod with hostPID sees as PID 1, on the host. Its PID
 * namespace is the pod's own, and is not entered: nsenter would fork for that, and a signal would end nsenter instead of the command.
 */
export function enterNamespacesOf(pid: number): readonly string[] {
  return ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '--'];
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Commands in the namespaces of the host's PID 1. One that takes longer than `timeoutMs` is ended with all that it has started. */
export function hostCommands(prefix: readonly string[] = enterNamespacesOf(1)): RunOnHost {
  return async (argv, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
    const [file = '', ...args] = [...prefix, ...argv];
    const child = execa(file, args, {
      stdin: 'ignore',
      reject: false,
      // It leads a process group.
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
      ? `took longer than ${timeoutMs / 1000} s, and was ended`
      : endingOf(result);
    throw new HostCommandError(argv, result.exitCode, result.stderr, result, ending);
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
  return signal === undefined ? `could not be run (${originalMessage})` : `was ended by ${signal}`;
}
