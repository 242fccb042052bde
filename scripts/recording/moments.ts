// A recording of a terminal: one line of JSON for each command that was entered and each line that was printed.

import * as v from 'valibot';
import { parsedLines } from '../entry/json-lines.ts';

const MOMENT = v.object({
  /** Milliseconds since the first command was entered. */
  at: v.number(),
  kind: v.picklist(['typed', 'printed']),
  /** One line; a command may have several. */
  text: v.string(),
});

export type TerminalMoment = v.InferOutput<typeof MOMENT>;

/** Parses the lines of a recording; throws with the number of a line that is not a moment. */
export function momentsIn(lines: string): readonly TerminalMoment[] {
  return parsedLines(lines, MOMENT, 'a moment of a terminal');
}
