// Edits our flag in KUBELET_EXTRA_ARGS of an environment file and changes nothing else.

import { encodeUtf8, fromByteString } from '../environment/bytes.ts';
import { applyInPlace, quoteValue } from './edit-raw.ts';
import { candidateValues, type WordRange } from './edit-value.ts';
import {
  findAssignment,
  parseEnvironmentFile,
  EnvironmentFileError,
} from '../environment/environment-file.ts';
import type { Assignment, EnvironmentDocument } from '../environment/environment-file.ts';
import { EXTRA_ARGS } from '../unit.ts';

export interface ExtraArgsEdit {
  /** undefined: the file does not exist yet. */
  readonly content: Uint8Array | undefined;
  readonly systemdVersion: number | undefined;
  /** The value in force elsewhere, which a new assignment must repeat; not used when the file has one. */
  readonly carried: string;
  /** The uses of our flag among the words of the value, in order. */
  readonly uses: readonly WordRange[];
  /** The assignment to edit, by its index in the file; the one of KUBELET_EXTRA_ARGS in force when absent. */
  readonly index?: number;
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
  const before = parseEnvironmentFile(edit.content ?? new Uint8Array(), edit.systemdVersion);
  const assignment =
    edit.index === undefined ? findAssignment(before, EXTRA_ARGS) : before.assignments[edit.index];
  const old = assignment?.bytes ?? encodeUtf8(edit.carried);
  for (const value of candidateValues(
    old,
    edit.uses,
    edit.flag === undefined ? undefined : encodeUtf8(edit.flag),
  )) {
    const texts =
      assignment === undefined ? appended(before, value.text) : replaced(before.text, assignment, value);
    const good = texts.find((text) => isSafe(before, text, assignment, value.text, edit.systemdVersion));
    if (good !== undefined) return fromByteString(good);
  }
  throw new EditError(
    `Expected an edit of ${EXTRA_ARGS} that changes nothing else, found none. ` +
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
function appended(document: EnvironmentDocument, value: string): readonly string[] {
  const { text } = document;
  const line = `${EXTRA_ARGS}=${quoteValue(value)}\n`;
  const ended = text === '' || /[\n\r]$/.test(text) ? text : `${text}\n`;
  return [ended + line, `${ended}\n${line}`];
}

function isSafe(
  before: EnvironmentDocument,
  text: string,
  edited: Assignment | undefined,
  value: string,
  systemdVersion: number | undefined,
): boolean {
  const after = reparse(text, systemdVersion);
  if (after === undefined) return false;
  const others = before.assignments.map((assignment) => ({
    key: assignment.key,
    value: assignment === edited ? value : assignment.bytes,
  }));
  const expected = edited === undefined ? [...others, { key: EXTRA_ARGS, value }] : others;
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
