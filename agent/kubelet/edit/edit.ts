// Edits our flag in a variable of an environment file and changes nothing else.

import { encodeUtf8, fromByteString } from '../environment/bytes.ts';
import { applyInPlace, quoteValue } from './edit-raw.ts';
import { candidateValues, type WordRange } from './edit-value.ts';
import {
  findAssignment,
  parseEnvironmentFile,
  EnvironmentFileError,
} from '../environment/environment-file.ts';
import { EXTRA_ARGS } from '../unit.ts';
import type { Assignment, EnvironmentDocument } from '../environment/environment-file.ts';

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
  /** The flag's word, e.g. `--allowed-unsafe-sysctls=a,b`; undefined removes the flag. */
  readonly flag: string | undefined;
}

/** No edit changes our flag alone. */
export class EditError extends Error {
  override readonly name = 'EditError';
}

/**
 * Returns the file's bytes after the edit. The flag replaces its first use, or is appended; its other uses are removed.
 * systemd reads the same variables and words from them, except for our flag.
 *
 * @throws EditError when no such bytes were found.
 */
export function editExtraArgs(edit: ExtraArgsEdit): Uint8Array {
  const { variable = EXTRA_ARGS } = edit;
  const before = parseEnvironmentFile(edit.content ?? new Uint8Array(), edit.systemdVersion);
  const assignment = findAssignment(before, variable);
  const old = assignment?.bytes ?? encodeUtf8(edit.carried);
  for (const value of candidateValues(
    old,
    edit.uses,
    edit.flag === undefined ? undefined : encodeUtf8(edit.flag),
  )) {
    const texts =
      assignment === undefined
        ? appended(before, variable, value.text)
        : replaced(before.text, assignment, value);
    const good = texts.find((text) => isSafe(before, text, assignment, value.text, edit));
    if (good !== undefined) return fromByteString(good);
  }
  throw new EditError(
    `Expected an edit of ${variable} that changes nothing else, found none. ` +
      'Close every quote in the file, and remove backslashes at the ends of lines.',
  );
}

type EditCandidate = ReturnType<typeof candidateValues>[number];

/** Returns the text edited in place where the raw bytes allow it, then the text with the value rewritten in new quotes. */
function replaced(text: string, assignment: Assignment, value: EditCandidate): readonly string[] {
  const inPlace = value.splices === undefined ? undefined : applyInPlace(text, assignment, value.splices);
  const rewritten = text.slice(0, assignment.valueFrom) + quoteValue(value.text) + text.slice(assignment.to);
  return inPlace === undefined ? [rewritten] : [inPlace, rewritten];
}

/** Appends a line. A blank line before it ends a comment that a backslash would continue. */
function appended(document: EnvironmentDocument, variable: string, value: string): readonly string[] {
  const { text } = document;
  const line = `${variable}=${quoteValue(value)}\n`;
  const ended = text === '' || /[\n\r]$/.test(text) ? text : `${text}\n`;
  return [ended + line, `${ended}\n${line}`];
}

function isSafe(
  before: EnvironmentDocument,
  text: string,
  edited: Assignment | undefined,
  value: string,
  { variable = EXTRA_ARGS, systemdVersion }: ExtraArgsEdit,
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
