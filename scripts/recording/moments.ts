// A recording of a terminal: one line of JSON for each command that was entered and each line that was printed.

import * as v from 'valibot';
import { errorText } from '../../agent/text/error-text.ts';

const MOMENT = v.object({
  /** Milliseconds since the first command was entered. */
  at: v.number(),
  kind: v.picklist(['typed', 'printed']),
  /** One line; a command may have several. */
  text: v.string(),
});

export type TerminalMoment = v.InferOutput<typeof MOMENT>;

export function linesOf(moments: readonly TerminalMoment[]): string {
  return moments.map((moment) => `${JSON.stringify(moment)}\n`).join('');
}

/** Parses the output of `linesOf`; throws with the number of a line that is not a moment. */
export function momentsIn(lines: string): readonly TerminalMoment[] {
  return lines.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [momentIn(line, index + 1)]));
}

function momentIn(line: string, number: number): TerminalMoment {
  try {
    return v.parse(MOMENT, JSON.parse(line));
  } catch (error) {
    throw new Error(`Expected a moment of a terminal in line ${number}, got ${line}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
