// How a command tells the program which code the process ends with.

import { CommanderError } from 'commander';

/** 0: as asked. 1: it ran, and the answer is no. 2: it was asked in a way it does not understand. */
export const EXIT = { ok: 0, no: 1, usage: 2 } as const;

/**
 * Thrown by a command that has already said all there is to say; the program ends with `code` and prints nothing.
 */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`The command ends with exit code ${code}.`);
    this.name = 'Exit';
    this.code = code;
  }
}

/**
 * The exit code for what a command threw: its own for an Exit, 0 where commander ends after help or a version, 2 for
 * commander's complaints (which it has printed). undefined for any other error: that is a fault to be shown.
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
