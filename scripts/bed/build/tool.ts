// Runs the machine's own tools; the error of a failed tool has its output.

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';

/** A tool could not be run or did not exit with 0. */
export class ToolError extends Error {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly output: string;

  constructor(argv: readonly string[], exitCode: number | undefined, output: string, cause: unknown) {
    const ending = exitCode === undefined ? 'did not run to completion' : `exited with ${exitCode}`;
    super(`${argv.join(' ')} ${ending}:\n${output.split('\n').slice(-20).join('\n') || String(cause)}`, {
      cause,
    });
    this.name = 'ToolError';
    this.argv = argv;
    this.exitCode = exitCode;
    this.output = output;
  }
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives every line that the tool prints on standard output or error, while it runs. */
  readonly onLine?: (line: string) => void;
  /**
   * What the kernel kills when this process ends for any reason, so that a killed run leaves no running tool:
   * the tool alone, or with its children (needs root). Not for tools that must not be interrupted, such as apt-get.
   */
  readonly endsWithUs?: 'alone' | 'with its children';
}

const ENDS_WITH_US = {
  alone: ['setpriv', '--pdeathsig', 'KILL', '--'],
  // The kernel ends a PID namespace with its first process.
  'with its children': [
    ...'setpriv --pdeathsig KILL --'.split(' '),
    ...'unshare --pid --fork --kill-child --mount-proc --'.split(' '),
  ],
};

/** Returns the folders to search for commands: PATH and the sbin folders, which `su` leaves out. */
export function searchPath(): string[] {
  return [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
}

/** Returns the path of a command in those folders; undefined when it is in none. */
export function onPath(command: string): string | undefined {
  return searchPath()
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Runs one command and returns its standard output; throws a ToolError with its last lines of output. */
export async function tool(argv: readonly string[], options: ToolOptions = {}): Promise<string> {
  const [file = '', ...args] = [...(options.endsWithUs ? ENDS_WITH_US[options.endsWithUs] : []), ...argv];
  const running = execa(file, args, {
    stdin: 'ignore',
    all: true,
    env: { LC_ALL: 'C.UTF-8', PATH: searchPath().join(':'), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const ended = running.then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (!(error instanceof ExecaError)) throw error;
      throw new ToolError(
        argv,
        error.exitCode,
        [error.stdout, error.stderr].filter(Boolean).join('\n'),
        error,
      );
    },
  );
  if (options.onLine !== undefined) watchLines(running.all, options.onLine);
  return ended;
}

function watchLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
