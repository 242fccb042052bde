// Commands on the host: argv arrays through nsenter, never a shell.

import { execa, ExecaError } from 'execa';

/** A host command that could not be run or did not exit with 0. */
export class HostCommandError extends Error {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(argv: readonly string[], exitCode: number | undefined, stderr: string, cause: unknown) {
    const ending = exitCode === undefined ? 'did not end by itself' : `exited with ${exitCode}`;
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

/** The namespaces of the host's PID 1, which a pod with hostPID sees as PID 1. */
const ENTER_HOST = ['nsenter', '-t', '1', '-m', '-u', '-i', '-n', '-p', '--'];
const DEFAULT_TIMEOUT_MS = 60_000;

/** Commands in the namespaces of the host's PID 1. */
export function hostCommands(prefix: readonly string[] = ENTER_HOST): RunOnHost {
  return async (argv, options = {}) => {
    const [file = '', ...args] = [...prefix, ...argv];
    try {
      const { stdout } = await execa(file, args, {
        stdin: 'ignore',
        timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        stripFinalNewline: true,
        env: { LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' },
      });
      return stdout;
    } catch (error) {
      if (error instanceof ExecaError) {
        const stderr: unknown = error.stderr;
        throw new HostCommandError(argv, error.exitCode, typeof stderr === 'string' ? stderr : '', error);
      }
      throw error;
    }
  };
}
