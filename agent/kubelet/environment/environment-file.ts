// Parses systemd's EnvironmentFile= into a lossless document: what systemd reads, and from which bytes.

import { decodeUtf8, invalidUtf8, toByteString } from './bytes.ts';
import { scanEnvironment, type RawAssignment } from './environment-scan.ts';

/** One assignment that systemd reads from the file. Offsets are bytes from the file's start. */
export interface Assignment extends Omit<RawAssignment, 'key' | 'value'> {
  readonly key: string;
  /** The value as the service gets it. */
  readonly value: string;
  /** The same value as a byte string; `starts`, `ends` and `sections` have one entry for each of its chars. */
  readonly bytes: string;
  /** Line of the key, from 1. */
  readonly line: number;
}

export interface EnvironmentDocument {
  /** The whole file as a byte string. */
  readonly text: string;
  /** In the file's order, without keys that systemd drops as invalid. Of two with one key the last is in force. */
  readonly assignments: readonly Assignment[];
}

/** systemd ignores the file, or reads it differently from version to version. The agent does not edit such a file. */
export class EnvironmentFileError extends Error {
  override readonly name = 'EnvironmentFileError';
  /** From 1. */
  readonly line: number;
  /** Offset from the file's start, from 0. */
  readonly byte: number;
  /** The next step, one sentence. */
  readonly fix: string;

  constructor(
    message: string,
    where: { readonly line: number; readonly byte: number; readonly fix: string },
  ) {
    super(`${message} ${where.fix}`);
    this.line = where.line;
    this.byte = where.byte;
    this.fix = where.fix;
  }
}

/**
 * Parses an environment file as the given systemd does. With an unknown version, all versions must read it alike.
 * Mirrors parse_env_file_internal and load_env_file_push (systemd src/basic/env-file.c) and strv_env_clean.
 *
 * @throws EnvironmentFileError when systemd ignores the whole file, or when the unknown version matters.
 */
export function parseEnvironmentFile(
  content: Uint8Array,
  systemdVersion: number | undefined,
): EnvironmentDocument {
  const text = toByteString(content);
  refuseNul(text);
  const raw = scanEnvironment(text, systemdVersion === undefined || systemdVersion >= COMMENT_ESCAPE_ENDS);
  if (systemdVersion === undefined) refuseVersionDependence(text, raw);
  for (const assignment of raw) refuseInvalidUtf8(text, assignment);
  const lineOf = lineFinder(text);
  const assignments = raw
    .filter(({ key }) => VALID_NAME.test(key))
    .map((assignment) => ({
      ...assignment,
      value: decodeUtf8(assignment.value),
      bytes: assignment.value,
      line: lineOf(assignment.from),
    }));
  return { text, assignments };
}

/** Returns the last assignment of a variable, which is the one in force. */
export function findAssignment(document: EnvironmentDocument, key: string): Assignment | undefined {
  return document.assignments.findLast((assignment) => assignment.key === key);
}

/** Returns a function from byte offset to line, from 1. \n, \r\n and a lone \r each end a line. Call it with ascending offsets. */
function lineFinder(text: string): (offset: number) => number {
  const ends = [...text.matchAll(/\r\n|\n|\r/g)].map((end) => end.index + end[0].length);
  let passed = 0;
  return (offset) => {
    while ((ends[passed] ?? Infinity) <= offset) passed++;
    return passed + 1;
  };
}

/** Returns the line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  return lineFinder(text)(offset);
}

/** From this version on, a backslash at a comment's end does not continue the comment on the next line. */
const COMMENT_ESCAPE_ENDS = 254;

/** env_name_is_valid (systemd src/basic/env-util.c). */
const VALID_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function refuseNul(text: string): void {
  const byte = text.indexOf('\0');
  if (byte < 0) return;
  throw new EnvironmentFileError(
    'Expected an environment file without NUL bytes, got one. systemd ignores the whole file.',
    {
      line: lineAt(text, byte),
      byte,
      fix: 'Remove the byte (was the file saved as UTF-16, or cut off by a crash?).',
    },
  );
}

function refuseInvalidUtf8(text: string, assignment: RawAssignment): void {
  const inKey = invalidUtf8(assignment.key);
  const inValue = invalidUtf8(assignment.value);
  if (inKey === undefined && inValue === undefined) return;
  const byte =
    inKey === undefined ? (assignment.starts[inValue ?? 0] ?? assignment.from) : assignment.from + inKey;
  const code = text.charCodeAt(byte).toString(16).padStart(2, '0');
  throw new EnvironmentFileError(
    `Expected assignments in valid UTF-8, got byte 0x${code}. systemd ignores the whole file.`,
    { line: lineAt(text, byte), byte, fix: 'Write the character in UTF-8 or remove it.' },
  );
}

function refuseVersionDependence(text: string, since254: readonly RawAssignment[]): void {
  const before254 = scanEnvironment(text, false);
  const differs = since254.find((assignment, index) => !sameAssignment(assignment, before254[index]));
  const odd = differs ?? before254[since254.length];
  if (odd === undefined) return;
  const byte = Math.max(text.lastIndexOf('\\\n', odd.from), text.lastIndexOf('\\\r', odd.from), 0);
  throw new EnvironmentFileError(
    'Expected no comment that ends in a backslash, got one before an assignment. systemd before 254 reads the next line as part of the comment, newer versions do not.',
    { line: lineAt(text, byte), byte, fix: "Remove the backslash at the comment's end." },
  );
}

function sameAssignment(a: RawAssignment, b: RawAssignment | undefined): boolean {
  return b !== undefined && a.from === b.from && a.key === b.key && a.to === b.to && a.value === b.value;
}
