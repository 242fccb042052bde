// Computes what the next start of the kubelet would allow, and where each allowance is configured.

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

/** One allowance and the place that configures it, for a person. */
export interface Origin {
  readonly pattern: string;
  readonly origin: string;
}

/** One use of our flag: its words and its items. */
export interface AllowedUse {
  readonly use: FlagUse;
  /** Two when the value is a separate word. */
  readonly words: readonly ArgvWord[];
  readonly items: readonly Origin[];
}

export interface Configured {
  readonly environment: ReadonlyMap<string, VariableInForce>;
  /** The arguments without the binary. */
  readonly args: readonly ArgvWord[];
  readonly flags: ParsedFlags;
  readonly uses: readonly AllowedUse[];
  /** The list of the config files, in force only when no flag replaces it. */
  readonly inConfig: readonly Origin[];
  /** In force at the next start: the items of the flag, or without a flag those of the config files. */
  readonly allowances: readonly Origin[];
}

/** Returns what the next start of the kubelet would allow. */
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

/** Returns the argv of the next start, binary included. Environment files that systemd ignores count as missing. */
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
