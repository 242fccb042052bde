// What the next start of the kubelet would allow, and where each allowance comes from.

import type { KubeletConfig } from './config.ts';
import {
  environmentInForce,
  readUsableEnvironmentFiles,
  type ParsedEnvironmentFile,
  type VariableInForce,
} from './environment/environment.ts';
import { expandExecStart, type ArgvWord } from './exec-start.ts';
import { ALLOWED_FLAG, listOf, parseFlags, type FlagUse, type ParsedFlags } from './flags/flags.ts';
import type { KubeletUnit } from './unit.ts';

/** One allowance and, for a person, where it is given. */
export interface Origin {
  readonly pattern: string;
  readonly origin: string;
}

/** One use of our flag: its items, and the variable whose words it consists of. */
export interface AllowedUse {
  readonly use: FlagUse;
  /** The words that make it; two when the value is a word of its own. */
  readonly words: readonly ArgvWord[];
  readonly items: readonly Origin[];
}

export interface Configured {
  readonly environment: ReadonlyMap<string, VariableInForce>;
  /** The arguments, the binary left out. */
  readonly args: readonly ArgvWord[];
  readonly flags: ParsedFlags;
  readonly uses: readonly AllowedUse[];
  /** The list of the config files, in force only while no flag replaces it. */
  readonly inConfig: readonly Origin[];
  /** In force at the next start: those of the flag's uses, or else those of the config files. */
  readonly allowances: readonly Origin[];
}

/** What the next start of the kubelet would allow. */
export function configuredOf(
  unit: KubeletUnit,
  files: readonly ParsedEnvironmentFile[],
  config: KubeletConfig,
): Configured {
  const environment = environmentInForce(unit, files);
  const args = expand(unit, environment).slice(1);
  const flags = parseFlags(args.map(({ text }) => text));
  const uses = flags.uses
    .filter(({ name }) => name === ALLOWED_FLAG)
    .map((use) => allowedUse(use, args, (word) => originOf(unit, environment, word)));
  const inConfig = config.allowedUnsafeSysctls.map((pattern) => ({
    pattern,
    origin: config.allowedUnsafeSysctlsFrom ?? '',
  }));
  const allowances = uses.length === 0 ? inConfig : uses.flatMap(({ items }) => items);
  return { environment, args, flags, uses, inConfig, allowances };
}

/** The argv, binary included, of the next start; environment files that systemd would drop count as missing. */
export function nextArgv(unit: KubeletUnit): readonly string[] {
  return expand(unit, environmentInForce(unit, readUsableEnvironmentFiles(unit))).map(({ text }) => text);
}

function expand(unit: KubeletUnit, environment: ReadonlyMap<string, VariableInForce>): readonly ArgvWord[] {
  const values = new Map([...environment].map(([key, { value }]) => [key, value]));
  return expandExecStart(unit.execStart, values);
}

function allowedUse(
  use: FlagUse,
  args: readonly ArgvWord[],
  origin: (word: ArgvWord | undefined) => string,
): AllowedUse {
  const words = args.slice(use.at, use.at + use.words);
  return { use, words, items: listOf(use).map((pattern) => ({ pattern, origin: origin(words[0]) })) };
}

function originOf(
  unit: KubeletUnit,
  environment: ReadonlyMap<string, VariableInForce>,
  word: ArgvWord | undefined,
): string {
  if (word?.variable === undefined) return `ExecStart= of ${unit.name}`;
  return environment.get(word.variable)?.origin ?? word.variable;
}
