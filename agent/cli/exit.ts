// The exit codes, and how a command sets one.

import { CommanderError } from 'commander';

/** ok: done. no: the command failed, or its answer is no. usage: the arguments are wrong. */
export const EXIT = { ok: 0, no: 1, usage: 2 } as const;

/**
 * Thrown by a command to end the program with `code`. The command has printed its result, and the program prints nothing more; with a
 * `cause` the program prints that error.
 */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number, options?: ErrorOptions) {
    super(`The command ends with exit code ${code}.`, options);
    this.name = 'Exit';
    this.code = code;
  }
}

/**
 * Returns the exit code for what a command threw: an Exit's own code, 0 when commander ends after help or a version, 2 for
 * commander's usage errors, which it has printed. undefined for any other error, which the caller must print.
 */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof Exit) {
    return error.code;
  }
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return undefined;
}
