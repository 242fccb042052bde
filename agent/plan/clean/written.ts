// Takes what the agent wrote out of a file, in force or not.

import { printCsv } from '../../kubelet/flags/csv.ts';
import { withoutCopies } from '../../kubelet/edit/duplicates.ts';
import { editExtraArgs } from '../../kubelet/edit/edit.ts';
import { fromByteString, toByteString } from '../../kubelet/environment/bytes.ts';
import {
  findAssignment,
  parseEnvironmentFile,
  type Assignment,
} from '../../kubelet/environment/environment-file.ts';
import { ALLOWED_FLAG, allowedByFlags, listOf, parseFlags } from '../../kubelet/flags/flags.ts';
import { readDropIn, printDropIn } from '../../kubelet/drop-in.ts';
import { wordTexts } from '../../kubelet/words.ts';
import { normaliseItem } from '../../sysctl/normalise.ts';
import { sha256Of } from '../../text/hash.ts';
import { withoutOurFlag } from '../carried/arguments.ts';
import type { WrittenFile } from '../types.ts';

/**
 * Returns the bytes of the file without what the agent wrote: those before its first change where it still has those of the
 * last one, else what other parties made of it, without our allowances and without an assignment that holds nothing else.
 *
 * @throws EditError, EnvironmentFileError or ConfigError when the file cannot be edited or read.
 */
export function cleanedBytes(
  written: WrittenFile,
  found: Uint8Array | undefined,
  systemdVersion: number | undefined,
): Uint8Array | undefined {
  if (found === undefined) return undefined;
  if (sha256Of(found) === written.left) return written.bytes;
  const { variable } = written;
  if (variable === undefined) return cleanedDropIn(written, found);
  let { text } = parseEnvironmentFile(found, systemdVersion);
  for (const assignment of ownAssignments(text, written, systemdVersion).toReversed()) {
    text = withoutOurs(text, assignment, written, systemdVersion);
  }
  if (text === '' && written.bytes === undefined) return undefined;
  const cleaned = fromByteString(text);
  // A program that adds its line where it does not find it has added one to each line that had our flag.
  const hasCopies =
    sha256Of(cleaned) !== sha256Of(found) &&
    assignmentsIn(cleaned, written, systemdVersion) > assignmentsIn(written.bytes, written, systemdVersion);
  return hasCopies ? withoutCopies(cleaned, variable, systemdVersion) : cleaned;
}

/** True when the file had no assignment before the agent's first change. */
export function createdLine(written: WrittenFile, systemdVersion: number | undefined): boolean {
  return assignmentsIn(written.bytes, written, systemdVersion) === 0;
}

/** Returns how many assignments of the written variable the content has. */
export function assignmentsIn(
  content: Uint8Array | undefined,
  written: Pick<WrittenFile, 'variable'>,
  systemdVersion: number | undefined,
): number {
  return content === undefined ? 0 : ownAssignments(toByteString(content), written, systemdVersion).length;
}

function ownAssignments(
  text: string,
  { variable }: Pick<WrittenFile, 'variable'>,
  systemdVersion: number | undefined,
): readonly Assignment[] {
  const { assignments } = parseEnvironmentFile(fromByteString(text), systemdVersion);
  return assignments.filter(({ key }) => key === variable);
}

function cleanedDropIn({ file, bytes, applied }: WrittenFile, found: Uint8Array): Uint8Array | undefined {
  const before = bytes === undefined ? undefined : readDropIn({ path: file, content: bytes });
  const now = readDropIn({ path: file, content: found });
  const ours = applied.map(normaliseItem);
  const kept = now.filter((item) => before?.includes(item) === true || !ours.includes(normaliseItem(item)));
  if (kept.length === now.length) return found;
  return kept.length === 0 && before === undefined ? undefined : printDropIn(kept);
}

/** Edits one assignment as the last one of a file that ends with its line. */
function withoutOurs(
  text: string,
  { key, value, from, to }: Assignment,
  written: WrittenFile,
  systemdVersion: number | undefined,
): string {
  const end = Math.min(to + 1, text.length);
  const words = wordTexts(value);
  const uses = parseFlags(words).uses.filter(({ name }) => name === ALLOWED_FLAG);
  const items = uses.flatMap((use) => listOf(use));
  const before = itemsBefore(written, systemdVersion);
  const applied = written.applied.map(normaliseItem);
  const kept = items.filter(
    (item) => before?.includes(item) === true || !applied.includes(normaliseItem(item)),
  );
  const flag = kept.length === 0 && before === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(kept)}`;
  const repeats = sameWords(withoutOurFlag(words), wordTexts(written.carried?.value ?? ''));
  if (flag === undefined && repeats && words.length > 0 && createdLine(written, systemdVersion)) {
    const without = text.slice(0, from).replace(/[ \t]+$/, '') + text.slice(end);
    if (countOf(without, systemdVersion) === countOf(text, systemdVersion) - 1) return without;
  }
  if (kept.length === items.length) return text;
  const edited = editExtraArgs({
    variable: key,
    content: fromByteString(text.slice(0, end)),
    systemdVersion,
    carried: '',
    former: written.bytes,
    uses,
    flag,
  });
  return toByteString(edited) + text.slice(end);
}

function countOf(text: string, systemdVersion: number | undefined): number {
  return parseEnvironmentFile(fromByteString(text), systemdVersion).assignments.length;
}

/** Returns the words of the variable in a file of this content; none where it is undefined. */
export function wordsIn(
  content: Uint8Array | undefined,
  variable: string | undefined,
  systemdVersion: number | undefined,
): string[] {
  if (variable === undefined) return [];
  const document = parseEnvironmentFile(content ?? new Uint8Array(), systemdVersion);
  return [...wordTexts(findAssignment(document, variable)?.value ?? '')];
}

/** Returns the list of the flag before the agent's first change; undefined when there was no flag. */
function itemsBefore(
  { bytes, variable }: WrittenFile,
  systemdVersion: number | undefined,
): readonly string[] | undefined {
  if (bytes === undefined || variable === undefined) return undefined;
  return allowedByFlags(parseFlags(wordsIn(bytes, variable, systemdVersion)));
}

/** In any order: a copy that followed its source may have another one. */
function sameWords(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());
}
