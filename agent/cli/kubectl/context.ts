// What a command of the plugin gets from the program that runs it: the process, and the session with the cluster. Types alone.

import type { Session } from './session.ts';

/** Where a command writes; a terminal knows its size. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** The process, as far as a command sees it. */
export interface World {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person interrupts the command; until a command calls this, an interruption ends the process. */
  readonly interruption: () => AbortSignal;
}

/** What a command needs of the program. */
export interface Program extends World {
  /** The session of this run, opened at its first use. */
  session(): Session;
}
