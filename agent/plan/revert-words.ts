// Takes allowances out of every assignment of an environment file, whatever another party made of the flag that named them.

import { EditError, editExtraArgs } from '../kubelet/edit/edit.ts';
import type { WordRange } from '../kubelet/edit/edit-value.ts';
import { fromByteString } from '../kubelet/environment/bytes.ts';
import { parseEnvironmentFile, type Assignment } from '../kubelet/environment/environment-file.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { ALLOWED_FLAG, allowedByFlags, listOf, parseFlags, type FlagUse } from '../kubelet/flags/flags.ts';
import { wordTexts } from '../kubelet/words.ts';
import { normaliseItem } from '../sysctl/normalise.ts';
import { literalPattern } from '../text/pattern.ts';
import { printable } from '../text/quote.ts';

export interface Ours {
  /** The file's bytes before our change; undefined: there was no file. */
  readonly before: Uint8Array | undefined;
  /** The allowances of our change. */
  readonly applied: readonly string[];
  /** The flag's word that our change wrote; undefined: none. */
  readonly word: string | undefined;
  readonly systemdVersion: number | undefined;
  /** The variable that our change edited. */
  readonly variable: string;
}

/**
 * Returns the file without what our change added to any of its assignments. An allowance that the file named before stays.
 *
 * @throws EditError or EnvironmentFileError when the file cannot be edited or read, or still holds the change.
 */
export function withoutOurs(found: Uint8Array, ours: Ours): Uint8Array {
  if (!Buffer.from(found).includes('unsafe')) {
    return found;
  }
  const { systemdVersion, variable } = ours;
  const before = assignmentsIn(ours.before, systemdVersion);
  const lists = before.map(({ value }) => allowedByFlags(parseFlags(wordTexts(value))));
  const theirs = new Set(lists.flatMap((list) => (list ?? []).map(normaliseItem)));
  const names = ours.applied.map(normaliseItem).filter((item) => !theirs.has(item));
  const known = new Set(before.flatMap(({ value }) => wordTexts(value)));
  const hadFlag = lists.some((list) => list !== undefined);
  let content = withoutGlued(found, ours);
  const inForce = assignmentsIn(content, systemdVersion).findLastIndex(({ key }) => key === variable);
  for (const index of assignmentsIn(content, systemdVersion).keys()) {
    // Its bytes before our change are only known to be those of the assignment in force.
    const former = index === inForce ? ours.before : undefined;
    const edit = (uses: readonly WordRange[], flag: string | undefined): Uint8Array =>
      uses.length === 0
        ? content
        : editExtraArgs({ content, systemdVersion, carried: '', former, index, uses, flag });
    const list = listEdit(assignmentsIn(content, systemdVersion)[index], names, hadFlag);
    content = edit(list.uses, list.flag);
    const assignment = assignmentsIn(content, systemdVersion)[index];
    content = edit(assignment?.key === variable ? distorted(assignment, names, known) : [], undefined);
  }
  expectGone(assignmentsIn(content, systemdVersion), names);
  return content;
}

/** Returns the uses of our flag among the words of a variable's value. */
function allowedUses(value: string): readonly FlagUse[] {
  return parseFlags(wordTexts(value)).uses.filter(({ name }) => name === ALLOWED_FLAG);
}

function assignmentsIn(
  content: Uint8Array | undefined,
  systemdVersion: number | undefined,
): readonly Assignment[] {
  return content === undefined ? [] : parseEnvironmentFile(content, systemdVersion).assignments;
}

/** Returns the flags of the assignment, of any variable, and the one flag that replaces them. */
function listEdit(
  assignment: Assignment | undefined,
  names: readonly string[],
  hadFlag: boolean,
): { readonly uses: readonly WordRange[]; readonly flag: string | undefined } {
  const uses = allowedUses(assignment?.value ?? '');
  const items = uses.flatMap((use) => listOf(use));
  const kept = items.filter((item) => !names.includes(normaliseItem(item)));
  if (kept.length === items.length) {
    return { uses: [], flag: undefined };
  }
  const flag = kept.length > 0 || hadFlag ? `--${ALLOWED_FLAG}=${printCsv(kept)}` : undefined;
  return { uses: uses.map(({ at, words }) => ({ at, words })), flag };
}

/** Returns the words of the assignment that are not our flag, name our allowances, and were not there before: a distorted flag. */
function distorted(
  assignment: Assignment,
  names: readonly string[],
  known: ReadonlySet<string>,
): readonly WordRange[] {
  const words = wordTexts(assignment.value);
  const { uses } = parseFlags(words);
  const isUsed = (index: number): boolean =>
    uses.some(({ at, words: count }) => index >= at && index < at + count);
  const strays = [...words.keys()].filter((at) => !isUsed(at)).map((at) => ({ at, words: 1 }));
  const others = uses.filter((use) => use.name !== ALLOWED_FLAG || listOf(use).length === 0);
  return [...others.map(({ at, words: count }) => ({ at, words: count })), ...strays]
    .filter(({ at, words: count }) => {
      const own = words.slice(at, at + count);
      return own.some((word) => namesAny(word, names)) && !own.every((word) => known.has(word));
    })
    .toSorted((one, other) => one.at - other.at);
}

function namesAny(text: string, names: readonly string[]): boolean {
  const found = text.split(/[^A-Za-z0-9._/*-]+/u).map(normaliseItem);
  return names.some((name) => found.includes(name));
}

const LIST_END = String.raw`(?![A-Za-z0-9=._/*,-])`;

/** Takes out our word where another party's edit has glued it to the word before it. */
function withoutGlued(content: Uint8Array, { word, variable, systemdVersion }: Ours): Uint8Array {
  const { text, assignments } = parseEnvironmentFile(content, systemdVersion);
  if (word === undefined) {
    return content;
  }
  const glued = new RegExp(`(?<=[^\\s"'=])${literalPattern(word)}${LIST_END}`, 'gu');
  let result = text;
  for (const { key, valueFrom, to } of assignments.toReversed()) {
    if (key === variable) {
      result =
        result.slice(0, valueFrom) + result.slice(valueFrom, to).replaceAll(glued, '') + result.slice(to);
    }
  }
  return result === text ? content : fromByteString(result);
}

const LONGEST_TEXT = 300;

function expectGone(assignments: readonly Assignment[], names: readonly string[]): void {
  const left = assignments.find(
    ({ value }) => /allowed[-_]unsafe[-_]sysctls/u.test(value) && namesAny(value, names),
  );
  if (left !== undefined) {
    throw new EditError(
      `Expected the change to be gone from line ${left.line}, found ${printable(left.value, LONGEST_TEXT)}.`,
    );
  }
}
