// Parses the kubelet's arguments as pflag does: which word is a flag, which a value, and which the kubelet refuses.

import { CsvError, parseCsv } from './csv.ts';
import { FLAGS_WITHOUT_VALUE, SHORTHANDS } from './boolean-flags.ts';
import { FLAGS_WITH_VALUE } from './value-flags.ts';

/** The flag that the agent manages, as pflag normalises it. */
export const ALLOWED_FLAG = 'allowed-unsafe-sysctls';

/** One use of a flag. */
export interface FlagUse {
  /** Normalised: `_` is `-`. */
  readonly name: string;
  /** undefined: the flag needs none and has none. */
  readonly value: string | undefined;
  /** Index of its first word among the arguments. */
  readonly at: number;
  /** 2 when the value is a separate word. */
  readonly words: 1 | 2;
}

/** Why the kubelet does not start with these arguments. */
export interface FlagProblem {
  readonly kind: 'stray' | 'syntax' | 'shorthand' | 'value-missing' | 'list';
  /** Index of the word among the arguments. */
  readonly at: number;
  readonly message: string;
}

export interface ParsedFlags {
  readonly uses: readonly FlagUse[];
  /** Index of a `--` that ends the flags; undefined when there is none. */
  readonly end: number | undefined;
  /** The first problem for which the kubelet ends at once. */
  readonly problem: FlagProblem | undefined;
}

/**
 * Parses arguments (without the binary) as the kubelet does, but continues after a problem that ends the kubelet. Which
 * flags a kubelet knows depends on its version: a flag that is in neither table has a value when the next word is not a
 * flag. Mirrors FlagSet.parseArgs of github.com/spf13/pflag and NewKubeletCommand
 * (cmd/kubelet/app/server.go).
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const uses: FlagUse[] = [];
  const problems: FlagProblem[] = [];
  const strays: number[] = [];
  let end: number | undefined;
  for (let at = 0; at < args.length && end === undefined;) {
    const word = args[at] ?? '';
    const isFlag = word.startsWith('-') && word !== '-';
    if (word === '--') {
      end = at;
      strays.push(...[...args.keys()].slice(at + 1));
    } else if (isFlag) {
      const read = word.startsWith('--') ? readLong(args, at) : readShort(args, at);
      uses.push(...read.uses);
      problems.push(...(read.problem === undefined ? [] : [read.problem]), ...listProblems(read.uses));
      at += read.words;
    } else {
      strays.push(at);
      at += 1;
    }
  }
  return { uses, end, problem: problems[0] ?? strayProblem(args, strays[0]) };
}

/** Returns the value of a flag's last use, which wins; undefined when the flag is absent. */
export function lastValue(flags: ParsedFlags, name: string): string | undefined {
  return flags.uses.findLast((use) => use.name === name)?.value;
}

/** Returns the list of our flag; pflag joins the lists of a repeated flag. undefined when the flag is absent. */
export function allowedByFlags(flags: ParsedFlags): readonly string[] | undefined {
  const uses = flags.uses.filter((use) => use.name === ALLOWED_FLAG);
  return uses.length === 0 ? undefined : uses.flatMap((use) => listOf(use));
}

/** Returns the list of one use; empty when the kubelet cannot read it (parseFlags reports that as a problem). */
export function listOf(use: FlagUse): readonly string[] {
  try {
    return parseCsv(use.value ?? '');
  } catch (error) {
    if (error instanceof CsvError) return [];
    throw error;
  }
}

interface Read {
  readonly uses: readonly FlagUse[];
  readonly words: 1 | 2;
  readonly problem?: FlagProblem;
}

function readLong(args: readonly string[], at: number): Read {
  const word = args[at] ?? '';
  const body = word.slice(2);
  if (body.startsWith('-') || body.startsWith('=')) {
    return { uses: [], words: 1, problem: { kind: 'syntax', at, message: `Expected a flag, got ${word}.` } };
  }
  const equals = body.indexOf('=');
  const name = (equals < 0 ? body : body.slice(0, equals)).replaceAll('_', '-');
  if (equals >= 0) return { uses: [{ name, value: body.slice(equals + 1), at, words: 1 }], words: 1 };
  return readValue(args, { name, at, word });
}

/** A group such as `-hv4`: the letters of flags without a value, then at most one with. */
function readShort(args: readonly string[], at: number): Read {
  const word = args[at] ?? '';
  const uses: FlagUse[] = [];
  for (let letter = 1; letter < word.length; letter++) {
    const name = SHORTHANDS.get(word.charAt(letter));
    if (name === undefined) {
      const message = `Expected a flag that the kubelet knows, got ${word}. Its flags begin with two dashes.`;
      return { uses, words: 1, problem: { kind: 'shorthand', at, message } };
    }
    const rest = word.slice(letter + 1);
    if (rest.length > 1 && rest.startsWith('=')) {
      return { uses: [...uses, { name, value: rest.slice(1), at, words: 1 }], words: 1 };
    }
    if (FLAGS_WITHOUT_VALUE.has(name)) uses.push({ name, value: undefined, at, words: 1 });
    else if (rest !== '') return { uses: [...uses, { name, value: rest, at, words: 1 }], words: 1 };
    else {
      const read = readValue(args, { name, at, word });
      return { ...read, uses: [...uses, ...read.uses] };
    }
  }
  return { uses, words: 1 };
}

function readValue(
  args: readonly string[],
  flag: { readonly name: string; readonly at: number; readonly word: string },
): Read {
  const { name, at, word } = flag;
  const value = args[at + 1];
  const isComplete = !FLAGS_WITH_VALUE.has(name) && (value === undefined || value.startsWith('-'));
  if (FLAGS_WITHOUT_VALUE.has(name) || isComplete) {
    return { uses: [{ name, value: undefined, at, words: 1 }], words: 1 };
  }
  if (value !== undefined) return { uses: [{ name, value, at, words: 2 }], words: 2 };
  const message = `Expected a value after ${word}, got the end of the arguments.`;
  return { uses: [], words: 1, problem: { kind: 'value-missing', at, message } };
}

function listProblems(uses: readonly FlagUse[]): readonly FlagProblem[] {
  return uses
    .filter(({ name }) => name === ALLOWED_FLAG)
    .flatMap(({ value, at }): readonly FlagProblem[] => {
      try {
        parseCsv(value ?? '');
        return [];
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        return [{ kind: 'list', at, message: `--${ALLOWED_FLAG}: ${error.message}` }];
      }
    });
}

function strayProblem(args: readonly string[], at: number | undefined): FlagProblem | undefined {
  if (at === undefined) return undefined;
  return { kind: 'stray', at, message: `Expected only flags, got the word ${JSON.stringify(args[at])}.` };
}
