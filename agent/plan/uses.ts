// Finds our flag among the kubelet's arguments, and verifies that an edit changed our flag alone.

import type { AllowedUse, Configured } from '../kubelet/configured.ts';
import type { ArgvWord } from '../kubelet/exec-start.ts';
import type { WordRange } from '../kubelet/edit/edit-value.ts';
import { lineAt } from '../kubelet/environment/environment-file.ts';
import { ALLOWED_FLAG, type FlagUse } from '../kubelet/flags/flags.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { splitWords } from '../kubelet/words.ts';
import { foreignWord, hintFor } from './foreign-words.ts';
import type { Refused } from './types.ts';

export interface ExtraUses {
  /** Uses whose words all come from the variable that the agent edits, KUBELET_EXTRA_ARGS or another. */
  readonly inExtra: readonly AllowedUse[];
  readonly elsewhere: readonly AllowedUse[];
  /** The uses of our flag among the words of that variable. */
  readonly ranges: readonly WordRange[];
}

/** Returns the uses of our flag, split into those in the variable and the others. */
export function usesOf(configured: Configured, variable: string): ExtraUses {
  const inExtra = configured.uses.filter(({ words }) => words.every((word) => word.variable === variable));
  const ranges = new Map(
    inExtra.map(({ words }) => [words[0]?.index ?? 0, { at: words[0]?.index ?? 0, words: words.length }]),
  );
  return {
    inExtra,
    elsewhere: configured.uses.filter((use) => !inExtra.includes(use)),
    ranges: [...ranges.values()].toSorted((a, b) => a.at - b.at),
  };
}

export interface StartProblem {
  readonly refusal: Refused;
  /** True when the arguments and our flag can be read, so that a plan is possible. */
  readonly canBeReported: boolean;
}

/** Returns why the kubelet would not start even without a change, and the file at fault; undefined when it would start. */
export function startProblem(
  unit: KubeletUnit,
  configured: Configured,
  variable: string,
): StartProblem | undefined {
  const isOurs = (word: ArgvWord): boolean => word.variable === variable;
  const crossing = configured.uses.find(({ words }) => words.some(isOurs) && !words.every(isOurs));
  const foreign = foreignWord(configured, variable);
  const { problem } = configured.flags;
  const at = foreign?.at ?? problem?.at ?? crossing?.use.at;
  if (at === undefined) return undefined;
  const message =
    foreign?.message ??
    (problem === undefined
      ? `Expected --${ALLOWED_FLAG} and its value in one variable, got them in two. Write them as one word with =.`
      : `${problem.message} The kubelet does not start with these arguments. ${FIXES[problem.kind]}${hintFor(configured.args[at]?.text ?? '')}`);
  return {
    refusal: { kind: 'refused', ...placeOf(unit, configured, at), byte: undefined, message },
    canBeReported: problem?.kind !== 'value-missing' && problem?.kind !== 'list' && crossing === undefined,
  };
}

/** Returns the file and line of an argument; the unit's name for one of its own lines. */
function placeOf(
  unit: KubeletUnit,
  { args, environment }: Configured,
  at: number,
): Pick<Refused, 'file' | 'line'> {
  const word = args[at];
  const assigned = word?.variable === undefined ? undefined : environment.get(word.variable)?.assigned;
  if (word === undefined || assigned === undefined) return { file: unit.name, line: undefined };
  const { path, assignment, text } = assigned;
  const from = splitWords(assignment.bytes)[word.index]?.from ?? 0;
  return { file: path, line: lineAt(text, assignment.starts[from] ?? assignment.from) };
}

/**
 * Returns a message, with the fix, when the edit changed other arguments than our flag or the flag does not hold `list`;
 * undefined when the edit is correct.
 */
export function verifyEdit(
  before: Configured,
  after: Configured,
  list: readonly string[] | undefined,
  variable: string,
): string | undefined {
  const found = usesOf(after, variable).inExtra.flatMap(({ items }) => items.map(({ pattern }) => pattern));
  const wanted = list ?? [];
  const holds = found.length >= wanted.length && wanted.every((item, index) => found[index] === item);
  const isGone = list !== undefined || found.length === 0;
  const sameProblem = after.flags.problem?.message === before.flags.problem?.message;
  if (holds && isGone && sameProblem && sameOthers(before, after, variable)) return undefined;
  if (before.flags.end !== undefined) {
    return `Expected no -- among the arguments, got one. The kubelet reads no flag after it. Remove it from ${variable}.`;
  }
  const last = before.flags.uses.findLast(
    (use) => use.words === 2 && before.args[use.at]?.variable === variable,
  );
  const suspect = last === undefined ? '' : ` (--${last.name}?)`;
  return (
    `Expected each flag in ${variable} to have its value there, got one that would take the next word as its value${suspect}. ` +
    'Give the flag its value with =.'
  );
}

const FIXES = {
  stray: 'Remove it, or write flag and value as one word with =.',
  syntax: 'Write it as --name=value.',
  shorthand: 'Write it as --name=value.',
  'value-missing': 'Give it one with =.',
  list: 'Fix the list.',
} as const;

function sameOthers(before: Configured, after: Configured, variable: string): boolean {
  const [left, right] = [othersOf(before, variable), othersOf(after, variable)];
  return JSON.stringify(left) === JSON.stringify(right);
}

function othersOf(configured: Configured, variable: string): readonly unknown[] {
  const elsewhere = usesOf(configured, variable).elsewhere.map(({ use }) => use);
  const others = configured.flags.uses.filter((use) => use.name !== ALLOWED_FLAG || elsewhere.includes(use));
  return others.map(({ name, value, words }: FlagUse) => ({ name, value, words }));
}
