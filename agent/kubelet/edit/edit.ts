// Edits our flag in a variable of an environment file and changes nothing else.

import { encodeUtf8, fromByteString, toByteString } from '../environment/bytes.ts';
import { applyInPlace, bareValue, quoteValue } from './edit-raw.ts';
import { candidateValues, type WordRange } from './edit-value.ts';
import {
  findAssignment,
  parseEnvironmentFile,
  EnvironmentFileError,
} from '../environment/environment-file.ts';
import type { Assignment, EnvironmentDocument } from '../environment/environment-file.ts';
import { scanEnvironment } from '../environment/environment-scan.ts';
import { shellValue } from '../environment/shell.ts';
import { EXTRA_ARGS } from '../unit.ts';
import { wordTexts } from '../words.ts';

export interface ExtraArgsEdit {
  /** KUBELET_EXTRA_ARGS when absent. */
  readonly variable?: string;
  /** undefined: the file does not exist yet. */
  readonly content: Uint8Array | undefined;
  readonly systemdVersion: number | undefined;
  /** The value in force elsewhere, which a new assignment must repeat; not used when the file has one. */
  readonly carried: string;
  /** The uses of our flag among the words of the value, in order. */
  readonly uses: readonly WordRange[];
  /** The assignment to edit, of any variable, by its index in the file; the one of `variable` in force when absent. */
  readonly index?: number;
  /** The flag's word, e.g. `--allowed-unsafe-sysctls=a,b`; undefined removes the flag. */
  readonly flag: string | undefined;
  /** The file before the agent's first change: where the value is as it was then, its bytes are too. */
  readonly former?: Uint8Array | undefined;
}

/** No edit changes our flag alone. */
export class EditError extends Error {
  override readonly name = 'EditError';
}

/**
 * Returns the file's bytes after the edit. The flag replaces its first use, or is appended; its other uses are removed.
 * systemd reads the same variables and words from them, except for our flag, and a shell that read the value as systemd
 * does still does.
 *
 * @throws EditError when no such bytes were found.
 */
export function editExtraArgs(edit: ExtraArgsEdit): Uint8Array {
  const flag = edit.flag === undefined ? undefined : encodeUtf8(edit.flag);
  return withValue(edit, (old) => candidateValues(old ?? encodeUtf8(edit.carried), edit.uses, flag));
}

/** Returns the file's bytes with this whole value, in the present assignment or a new one. Throws as `editExtraArgs`. */
export function setExtraArgs(
  file: Pick<ExtraArgsEdit, 'variable' | 'content' | 'systemdVersion'>,
  value: string,
): Uint8Array {
  return withValue(file, () => [{ text: encodeUtf8(value), splices: undefined }]);
}

function withValue(
  edit: Pick<ExtraArgsEdit, 'variable' | 'index' | 'content' | 'systemdVersion' | 'former'>,
  valuesFor: (old: string | undefined) => readonly EditCandidate[],
): Uint8Array {
  const { content, systemdVersion, former, index } = edit;
  const before = parseEnvironmentFile(content ?? new Uint8Array(), systemdVersion);
  const indexed = index === undefined ? undefined : before.assignments[index];
  const variable = indexed?.key ?? edit.variable ?? EXTRA_ARGS;
  const assignment = indexed ?? findAssignment(before, variable);
  const raw = rawOf(
    former === undefined ? undefined : reparse(toByteString(former), systemdVersion),
    variable,
  );
  const isRead = readingOf(before.text, variable, assignment);
  const safe = valuesFor(assignment?.bytes).flatMap(({ text: value, splices }) => {
    const inPlace =
      assignment === undefined ? [] : replaced(before.text, assignment, { text: value, splices }, raw);
    const added = indexed === undefined ? appended(before, variable, value) : [];
    return [
      ...inPlace.map((text) => ({ text, value, edited: assignment })),
      ...added.map((text) => ({ text, value, edited: undefined })),
    ].filter(({ text, edited }) => isSafe(before, text, edited, { variable, value, systemdVersion }));
  });
  const good = safe.find(({ text, value }) => isRead(text, value)) ?? safe[0];
  if (good !== undefined) return fromByteString(good.text);
  throw new EditError(
    `Expected an edit of ${variable} that changes nothing else, found none. ` +
      'Close every quote in the file, and remove backslashes at the ends of lines.',
  );
}

/**
 * Returns a function that is true for a text from which a shell reads the value as it read the old one: as systemd does, or
 * as other text with the same words. Always true when it read other words: then there is nothing to keep.
 */
function readingOf(
  text: string,
  variable: string,
  assignment: Assignment | undefined,
): (next: string, nextValue: string) => boolean {
  const at = assignment?.from ?? 0;
  const value = assignment?.bytes ?? '';
  // An earlier assignment may have the new value already: what a shell reads there must not count.
  const emptied = (file: string): string => `${file.slice(0, at)}${variable}=\n${file.slice(at)}`;
  const old = shellValue(text, variable);
  const canEmpty = shellValue(emptied(text), variable) === old;
  const read = (file: string): string | undefined => shellValue(canEmpty ? emptied(file) : file, variable);
  if (old === value) return (next, nextValue) => read(next) === nextValue;
  if (old === undefined || !hasSameWords(old, value)) return () => true;
  return (next, nextValue) => hasSameWords(read(next) ?? '', nextValue);
}

function hasSameWords(one: string, other: string): boolean {
  return JSON.stringify(wordTexts(one)) === JSON.stringify(wordTexts(other));
}

type EditCandidate = ReturnType<typeof candidateValues>[number];

interface RawValue {
  readonly value: string;
  readonly raw: string;
}

function rawOf(document: EnvironmentDocument | undefined, variable: string): RawValue | undefined {
  const assignment = document && findAssignment(document, variable);
  if (document === undefined || assignment === undefined) return undefined;
  return { value: assignment.bytes, raw: document.text.slice(assignment.valueFrom, assignment.to) };
}

/**
 * Returns the text with the former bytes of the same value, then edited in place where the raw bytes allow it, then with the
 * value rewritten in new quotes.
 */
function replaced(
  text: string,
  assignment: Assignment,
  value: EditCandidate,
  former: RawValue | undefined,
): readonly string[] {
  const inPlace = value.splices === undefined ? undefined : applyInPlace(text, assignment, value.splices);
  const { valueFrom, to, ends } = assignment;
  const [blanks] = /^[ \t]*$/.exec(text.slice(ends.at(-1) ?? to, to)) ?? [''];
  // A line that the agent created has escaped blanks and no quotes, and stays so.
  const isUnquoted = assignment.parts.every(({ kind }) => kind === 'unquoted');
  const isBare = isUnquoted && (value.splices === undefined || /\\[ \t]/.test(text.slice(valueFrom, to)));
  const quoted = isBare ? bareValue(value.text) : quoteValue(value.text);
  const rewritten = text.slice(0, valueFrom) + quoted + blanks + text.slice(to);
  const texts = [
    ...(former?.value === value.text ? [text.slice(0, valueFrom) + former.raw + text.slice(to)] : []),
    ...(inPlace === undefined ? [] : [inPlace]),
    rewritten,
  ];
  return to < text.length ? texts : texts.flatMap(withEnd);
}

/** A line that another party appends with `echo` must not become part of our value. */
function withEnd(text: string): readonly string[] {
  const texts = [text, `${text}\n`, `${text}\n\n`];
  return [...texts.filter(takesLine), ...texts.filter((one) => !takesLine(one))];
}

function takesLine(text: string): boolean {
  return scanEnvironment(`${text}A=`, true).at(-1)?.from === text.length;
}

/** Appends a line. A blank line before it ends a comment that a backslash would continue. */
function appended(document: EnvironmentDocument, variable: string, value: string): readonly string[] {
  const { text } = document;
  const line = `${variable}=${bareValue(value)}\n`;
  const ended = text === '' || /[\n\r]$/.test(text) ? text : `${text}\n`;
  return [ended + line, `${ended}\n${line}`];
}

function isSafe(
  before: EnvironmentDocument,
  text: string,
  edited: Assignment | undefined,
  {
    variable,
    value,
    systemdVersion,
  }: {
    readonly variable: string;
    readonly value: string;
    readonly systemdVersion: number | undefined;
  },
): boolean {
  const after = reparse(text, systemdVersion);
  if (after === undefined) return false;
  const others = before.assignments.map((assignment) => ({
    key: assignment.key,
    value: assignment === edited ? value : assignment.bytes,
  }));
  const expected = edited === undefined ? [...others, { key: variable, value }] : others;
  return (
    after.assignments.length === expected.length &&
    after.assignments.every(
      ({ key, bytes }, index) => key === expected[index]?.key && bytes === expected[index].value,
    )
  );
}

function reparse(text: string, systemdVersion: number | undefined): EnvironmentDocument | undefined {
  try {
    return parseEnvironmentFile(fromByteString(text), systemdVersion);
  } catch (error) {
    if (error instanceof EnvironmentFileError) return undefined;
    throw error;
  }
}
