// The size of the output.

import type { Output } from '../context.ts';

export interface Screen {
  readonly width: number;
  /** undefined: no limit. */
  readonly height: number | undefined;
}

const PLAIN_WIDTH = 100;

/** Returns the terminal's width, or 100 columns for a file and a pipe; the height is not limited. */
export function screenOf({ isTTY, columns }: Output): Screen {
  return { width: (isTTY === true ? columns : undefined) ?? PLAIN_WIDTH, height: undefined };
}
