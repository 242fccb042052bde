// A variable's words as arguments, and the three-way merge of a copy with its source.

import { printCsv } from '../../kubelet/flags/csv.ts';
import { ALLOWED_FLAG, listOf, parseFlags } from '../../kubelet/flags/flags.ts';

/** One flag with its value, or a word that is no flag. */
export interface Argument {
  /** The flag as pflag normalises it; for any other word the word itself. */
  readonly name: string;
  readonly words: readonly string[];
}

/** Returns the arguments in order. */
export function argumentsOf(words: readonly string[]): readonly Argument[] {
  const uses = new Map(parseFlags(words).uses.map((use) => [use.at, use]));
  const found: Argument[] = [];
  for (let at = 0; at < words.length;) {
    const use = uses.get(at);
    const taken = words.slice(at, at + (use?.words ?? 1));
    found.push({ name: use?.name ?? taken.join(), words: taken });
    at += taken.length;
  }
  return found;
}

/** Returns the words of all arguments but our flag, in order. */
export function withoutOurFlag(words: readonly string[]): readonly string[] {
  return argumentsOf(words)
    .filter(({ name }) => name !== ALLOWED_FLAG)
    .flatMap((argument) => argument.words);
}

export interface MergedArguments {
  readonly words: readonly string[];
  /** For a person, such as `--v=4 in place of --v=3`. */
  readonly followed: readonly string[];
  /** Where another party edited the copy as well, and its edit stays. */
  readonly kept: readonly string[];
}

/**
 * Returns the copy with what has changed in its source since `base`, by flag. What another party changed in the copy stays.
 * Of our own flag the items are followed one by one.
 */
export function mergeArguments(versions: {
  readonly base: readonly string[];
  readonly source: readonly string[];
  readonly copy: readonly string[];
}): MergedArguments {
  const [base, source] = [argumentsOf(versions.base), argumentsOf(versions.source)];
  let copy = argumentsOf(versions.copy);
  const [followed, kept]: [string[], string[]] = [[], []];
  for (const name of new Set([...base, ...source].map((argument) => argument.name))) {
    const [was, is, ours] = [named(base, name), named(source, name), named(copy, name)];
    const next = name === ALLOWED_FLAG ? mergeLists(was, is, ours) : is;
    if (textOf(was) === textOf(is) || textOf(ours) === textOf(next)) continue;
    if (name !== ALLOWED_FLAG && textOf(ours) !== textOf(was)) {
      kept.push(`${textOf(ours) || `no --${name}`} and not ${textOf(is) || `none`}`);
      continue;
    }
    copy = replaced(copy, name, next);
    followed.push(changeText(ours, next));
  }
  return { words: copy.flatMap(({ words }) => words), followed, kept };
}

function changeText(before: readonly Argument[], after: readonly Argument[]): string {
  if (after.length === 0) return `without ${textOf(before)}`;
  return before.length === 0 ? textOf(after) : `${textOf(after)} in place of ${textOf(before)}`;
}

function named(all: readonly Argument[], name: string): readonly Argument[] {
  return all.filter((argument) => argument.name === name);
}

function textOf(some: readonly Argument[]): string {
  return some.flatMap(({ words }) => words).join(' ');
}

/** Puts the arguments at the place of the first one that they replace, or at the end. */
function replaced(all: readonly Argument[], name: string, next: readonly Argument[]): readonly Argument[] {
  const first = all.findIndex((argument) => argument.name === name);
  const others = all.filter((argument) => argument.name !== name);
  const at = first < 0 ? others.length : first;
  return [...others.slice(0, at), ...next, ...others.slice(at)];
}

function mergeLists(
  was: readonly Argument[],
  is: readonly Argument[],
  ours: readonly Argument[],
): readonly Argument[] {
  const [base, source, copy] = [itemsOf(was), itemsOf(is), itemsOf(ours)];
  const left = copy.filter((item) => source.includes(item) || !base.includes(item));
  const list = [...left, ...source.filter((item) => !base.includes(item) && !left.includes(item))];
  const isSame = list.length === copy.length && list.every((item, index) => item === copy[index]);
  if (isSame) return ours;
  return list.length === 0 ? is : [{ name: ALLOWED_FLAG, words: [`--${ALLOWED_FLAG}=${printCsv(list)}`] }];
}

function itemsOf(flags: readonly Argument[]): readonly string[] {
  return flags.flatMap(({ words }) => parseFlags(words).uses.flatMap((use) => listOf(use)));
}
