// Our flag among the kubelet's arguments: whose words it consists of, and whether an edit did what it should.

import type { AllowedUse, Configured } from '../kubelet/configured.ts';
import type { WordRange } from '../kubelet/edit/edit-value.ts';
import { ALLOWED_FLAG, type FlagUse } from '../kubelet/flags/flags.ts';
import { EXTRA_ARGS, type KubeletUnit } from '../kubelet/unit.ts';
import type { Refused } from './types.ts';

export interface ExtraUses {
  /** Uses made of words of KUBELET_EXTRA_ARGS alone. */
  readonly inExtra: readonly AllowedUse[];
  readonly elsewhere: readonly AllowedUse[];
  /** The words of KUBELET_EXTRA_ARGS that are uses of our flag. */
  readonly ranges: readonly WordRange[];
}

/** Sorts the uses of our flag by whether KUBELET_EXTRA_ARGS gives them. */
export function usesOf(configured: Configured): ExtraUses {
  const inExtra = configured.uses.filter(({ words }) => words.every(isExtra));
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
  /** The arguments can be read and our flag among them, so that a plan can be made all the same. */
  readonly canBeReported: boolean;
}

/** Why the kubelet would not start even as things are, and whose words are to blame; undefined when it would. */
export function startProblem(unit: KubeletUnit, configured: Configured): StartProblem | undefined {
  const crossing = configured.uses.find(({ words }) => words.some(isExtra) && !words.every(isExtra));
  const { problem } = configured.flags;
  if (problem === undefined && crossing === undefined) return undefined;
  const at = problem?.at ?? crossing?.use.at ?? 0;
  const variable = configured.args[at]?.variable;
  const assigned = variable === undefined ? undefined : configured.environment.get(variable)?.assigned;
  const message =
    problem === undefined
      ? `Expected --${ALLOWED_FLAG} and its value in one variable, got them in two. Write them as one word with =.`
      : `${problem.message} The kubelet does not start with these arguments. ${FIXES[problem.kind]}`;
  const line = assigned?.assignment.line;
  return {
    refusal: { kind: 'refused', file: assigned?.path ?? unit.name, line, byte: undefined, message },
    canBeReported:
      problem !== undefined &&
      problem.kind !== 'value-missing' &&
      problem.kind !== 'list' &&
      crossing === undefined,
  };
}

/**
 * Why the arguments after an edit are not those before with our flag changed alone, in words for the person who has to fix
 * them; undefined when they are.
 */
export function verifyEdit(
  before: Configured,
  after: Configured,
  list: readonly string[] | undefined,
): string | undefined {
  const found = usesOf(after).inExtra.flatMap(({ items }) => items.map(({ pattern }) => pattern));
  const wanted = list ?? [];
  const holds = found.length >= wanted.length && wanted.every((item, index) => found[index] === item);
  const isGone = list !== undefined || found.length === 0;
  const sameProblem = after.flags.problem?.message === before.flags.problem?.message;
  if (holds && isGone && sameProblem && sameOthers(before, after)) return undefined;
  if (before.flags.end !== undefined) {
    return `Expected no -- among the arguments, got one: what follows it is no flag. Remove it from ${EXTRA_ARGS}.`;
  }
  const last = before.flags.uses.findLast(
    (use) => use.words === 2 && before.args[use.at]?.variable === EXTRA_ARGS,
  );
  const suspect = last === undefined ? '' : ` (--${last.name}?)`;
  return (
    `Expected ${EXTRA_ARGS} to hold whole flags, got one whose value would be another variable's word or ours${suspect}. ` +
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

function isExtra({ variable }: { readonly variable: string | undefined }): boolean {
  return variable === EXTRA_ARGS;
}

function sameOthers(before: Configured, after: Configured): boolean {
  const [left, right] = [othersOf(before), othersOf(after)];
  return JSON.stringify(left) === JSON.stringify(right);
}

function othersOf(configured: Configured): readonly unknown[] {
  const elsewhere = usesOf(configured).elsewhere.map(({ use }) => use);
  const others = configured.flags.uses.filter((use) => use.name !== ALLOWED_FLAG || elsewhere.includes(use));
  return others.map(({ name, value, words }: FlagUse) => ({ name, value, words }));
}
