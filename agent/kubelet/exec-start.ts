// The argv that systemd makes of ExecStart= and the environment of the unit.

import { wordTexts } from './words.ts';

/** One word of the argv and what made it. */
export interface ArgvWord {
  readonly text: string;
  /** The variable whose word of its own (`$VAR`) made this; undefined for words that ExecStart= itself has. */
  readonly variable: string | undefined;
  /** Which of the variable's words it is; 0 for ExecStart='s own. */
  readonly index: number;
}

/**
 * Expands an ExecStart= argv, its first entry included: `$VAR` as a word of its own becomes the variable's words (none
 * when it is unset), `${VAR}` inside a word its value as it is, `$$` a dollar. Mirrors replace_env_argv and
 * replace_env (systemd src/basic/env-util.c).
 */
export function expandExecStart(
  execStart: readonly string[],
  environment: ReadonlyMap<string, string>,
): readonly ArgvWord[] {
  return execStart.flatMap((word): readonly ArgvWord[] => {
    const variable = loneVariable(word);
    if (variable === undefined)
      return [{ text: expandBraces(word, environment), variable: undefined, index: 0 }];
    return wordTexts(environment.get(variable) ?? '').map((text, index) => ({ text, variable, index }));
  });
}

/** Whether ExecStart= has `$variable` as a word of its own, so that its words reach the kubelet. */
export function takesLoneVariable(execStart: readonly string[], variable: string): boolean {
  return execStart.some((word) => loneVariable(word) === variable);
}

/** Every variable that ExecStart= names, in either form, in order and once each: what to tell a person. */
export function variablesOf(execStart: readonly string[]): readonly string[] {
  const found = execStart.flatMap((word) => {
    const variable = loneVariable(word);
    if (variable !== undefined) return [`$${variable}`];
    return [...word.matchAll(/\$\$|\$\{[^}:]*\}/g)].map(([match]) => match).filter((match) => match !== '$$');
  });
  return [...new Set(found)];
}

/** A word that begins with one dollar names a variable by all that follows it, whatever that is. */
function loneVariable(word: string): string | undefined {
  return /^\$(?![{$])/.test(word) ? word.slice(1) : undefined;
}

/** A `${` that no `}` closes, or that a `:` comes in, stays as it is with all up to there. */
function expandBraces(word: string, environment: ReadonlyMap<string, string>): string {
  return word.replace(
    /\$\$|\$\{([^}:]*)(\}|:|$)/g,
    (match, name: string | undefined, end: string | undefined) => {
      if (match === '$$') return '$';
      return end === '}' ? (environment.get(name ?? '') ?? '') : match;
    },
  );
}
