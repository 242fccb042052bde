// The completion candidates for the word at the cursor, for shells and for kubectl.

import type { Command, Option } from 'commander';

export interface Suggestion {
  readonly value: string;
  readonly description?: string;
}

export interface Completion {
  readonly candidates: readonly Suggestion[];
  /** The shell offers file names. */
  readonly files: boolean;
}

/** Candidates from the kubeconfig and the cluster; `flags` are the global options typed so far. */
export interface Sources {
  contexts(flags: GlobalWords): readonly string[];
  nodes(flags: GlobalWords): Promise<readonly string[]>;
}

export type GlobalWords = Readonly<Record<string, string>>;

const NOTHING: Completion = { candidates: [], files: false };
const FILES: Completion = { candidates: [], files: true };
const FILE_OPTIONS = ['filename', 'kubeconfig'];

/** Returns the candidates for the last of `words`, which follow the program's name. */
export async function complete(
  root: Command,
  words: readonly string[],
  sources: Sources,
): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const typed = read(root, words.slice(0, -1));
  const { command, option, operands, flags } = typed;
  if (option !== undefined) return valuesOf(option, flags, sources, current);
  if (current.startsWith('-')) {
    const options = command === root ? root.options : [...command.options, ...root.options];
    return matching(options.map(optionCandidate), current);
  }
  if (command === root) return matching(root.commands.map(commandCandidate), current);
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[operands] ?? (last?.variadic === true ? last : undefined);
  if (argument?.name() === 'node') return matching(plain(await sources.nodes(flags)), current);
  return matching(plain(argument?.argChoices ?? []), current);
}

interface Typed {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  readonly operands: number;
  readonly flags: GlobalWords;
}

function read(root: Command, words: readonly string[]): Typed {
  let command = root;
  let option: Option | undefined;
  let operands = 0;
  const flags: Record<string, string> = {};
  for (const word of words) {
    if (option !== undefined) {
      flags[option.attributeName()] = word;
      option = undefined;
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2);
      const found = [...command.options, ...root.options].find(
        (one) => one.long === name || one.short === name,
      );
      if (found?.required === true && value === undefined) option = found;
      else if (found !== undefined && value !== undefined) flags[found.attributeName()] = value;
    } else if (command === root) {
      command = root.commands.find((one) => one.name() === word) ?? root;
    } else {
      operands += 1;
    }
  }
  return { command, option, operands, flags };
}

function valuesOf(option: Option, flags: GlobalWords, sources: Sources, current: string): Completion {
  const name = option.attributeName();
  if (FILE_OPTIONS.includes(name)) return FILES;
  if (name === 'context') return matching(plain(sources.contexts(flags)), current);
  return option.argChoices === undefined ? NOTHING : matching(plain(option.argChoices), current);
}

function matching(candidates: readonly Suggestion[], current: string): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), files: false };
}

function plain(values: readonly string[]): readonly Suggestion[] {
  return values.map((value) => ({ value }));
}

function optionCandidate(option: Option): Suggestion {
  return { value: option.long ?? option.short ?? '', description: option.description };
}

function commandCandidate(command: Command): Suggestion {
  return { value: command.name(), description: command.description() };
}
