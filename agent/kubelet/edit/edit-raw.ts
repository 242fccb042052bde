// Writes a changed value into the raw bytes of its assignment and changes as few of them as possible.

import type { Assignment } from '../environment/environment-file.ts';
import type { Section } from '../environment/environment-scan.ts';
import type { Splice } from './edit-value.ts';

/**
 * Returns the file's text with each splice applied to the raw bytes of its range, in the quoting of that place; undefined
 * when a range crosses quotes, or its text cannot be written in that quoting.
 */
export function applyInPlace(
  text: string,
  assignment: Assignment,
  splices: readonly Splice[],
): string | undefined {
  let result: string | undefined = text;
  for (const splice of splices.toReversed()) {
    const place = placeOf(assignment, splice);
    const raw = place === undefined ? undefined : encodeFor(place.kind, splice.text);
    if (place === undefined || raw === undefined) return undefined;
    result = result.slice(0, place.from) + raw + result.slice(place.to);
  }
  return result;
}

/** Returns the value in quotes, from which systemd reads it back. Prefers single quotes, in which nothing is special. */
export function quoteValue(value: string): string {
  if (value === '') return '';
  return value.includes("'") ? `"${encodeFor('double', value) ?? ''}"` : `'${value}'`;
}

/**
 * Returns the value without quotes, from which systemd and a shell read it back, also when another party's script appends
 * ` --flag` to the line: behind a closing quote systemd would glue it to the last word. Only line breaks need quotes.
 */
export function bareValue(value: string): string {
  return /[\n\r]/.test(value) ? quoteValue(value) : value.replace(/[ \t'"\\$`;&|<>()#~]/g, String.raw`\$&`);
}

/** Returns the range of the file that a splice of the value replaces. An insertion belongs to the byte before it. */
function placeOf(assignment: Assignment, splice: Splice): Section | undefined {
  const { starts, ends, sections, parts, bytes, valueFrom } = assignment;
  if (bytes === '') {
    const quoted = parts.find(({ kind }) => kind !== 'unquoted');
    const at = quoted?.from ?? valueFrom;
    return { kind: quoted?.kind ?? 'unquoted', from: at, to: at };
  }
  const [first, last] =
    splice.from === splice.to
      ? [Math.max(splice.from - 1, 0), Math.max(splice.from - 1, 0)]
      : [splice.from, splice.to - 1];
  const part = parts[sections[first] ?? -1];
  const [start, end] = [starts[first], ends[last]];
  if (part === undefined || start === undefined || end === undefined) return undefined;
  if (sections[first] !== sections[last]) return undefined;
  if (splice.from < splice.to) return { kind: part.kind, from: start, to: end };
  const at = splice.from === 0 ? start : end;
  return { kind: part.kind, from: at, to: at };
}

function encodeFor(kind: Section['kind'], text: string): string | undefined {
  if (kind === 'double') return text.replace(/["\\`$]/g, String.raw`\$&`);
  if (kind === 'single') return text.includes("'") ? undefined : text;
  return /[\n\r]/.test(text) ? undefined : text.replaceAll('\\', '\\\\');
}
