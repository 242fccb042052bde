// How much room there is to write on.

import type { Output } from '../context.ts';

export interface Screen {
  readonly width: number;
  /** undefined: as many lines as it takes. */
  readonly height: number | undefined;
}

const PLAIN_WIDTH = 100;

/** A terminal's width; a file and a pipe have one that people can read. What scrolls has no height. */
export function screenOf({ isTTY, columns }: Output): Screen {
  return { width: (isTTY === true ? columns : undefined) ?? PLAIN_WIDTH, height: undefined };
}
