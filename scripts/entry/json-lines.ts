// Recordings as text: one line of JSON for each moment.

import * as v from 'valibot';
import { errorText } from '../../agent/text/error-text.ts';

const LINE_LENGTH = 80;

export function linesOf(moments: readonly unknown[]): string {
  return moments.map((moment) => `${JSON.stringify(moment)}\n`).join('');
}

/** Parses the output of `linesOf`; throws with the number of a line that does not fit the schema. `what` completes "to be". */
export function parsedLines<T>(
  lines: string,
  schema: v.GenericSchema<unknown, T>,
  what: string,
): readonly T[] {
  return lines
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parsedLine(line, index + 1, schema, what)]));
}

function parsedLine<T>(line: string, number: number, schema: v.GenericSchema<unknown, T>, what: string): T {
  try {
    return v.parse(schema, JSON.parse(line));
  } catch (error) {
    const why = errorText(error);
    throw new Error(`Expected line ${number} to be ${what}, got ${line.slice(0, LINE_LENGTH)}: ${why}`, {
      cause: error,
    });
  }
}
