// Types that a command of the plugin gets from the program: the process, and the session with the cluster.

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
  /** Returns a signal that aborts on Ctrl-C or SIGTERM. Until a command calls this, these end the process. */
  readonly interruption: () => AbortSignal;
}

/** What the program gives to a command. */
export interface Program extends World {
  /** The session of this run, opened at its first use. */
  session(): Session;
}
