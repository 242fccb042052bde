// Expands ExecStart= with the environment of the unit into an argv, as systemd does.

import { wordTexts } from './words.ts';

/** One word of the argv and its source. */
export interface ArgvWord {
  readonly text: string;
  /** The variable that a separate word `$VAR` expanded to this; undefined for words of ExecStart= itself. */
  readonly variable: string | undefined;
  /** The word's index within the variable; 0 for a word of ExecStart= itself. */
  readonly index: number;
}

/**
 * Expands an ExecStart= argv, its first entry included: `$VAR` as a separate word becomes the variable's words (none when
 * it is unset), `${VAR}` inside a word becomes its value unsplit, `$$` a dollar. Mirrors replace_env_argv and replace_env
 * (systemd src/basic/env-util.c).
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

/** True when ExecStart= has `$variable` as a separate word, so that its words reach the kubelet. */
export function takesLoneVariable(execStart: readonly string[], variable: string): boolean {
  return execStart.some((word) => loneVariable(word) === variable);
}

/** Returns every variable that ExecStart= names, in either form, in order and without duplicates, for a message. */
export function variablesOf(execStart: readonly string[]): readonly string[] {
  const found = execStart.flatMap((word) => {
    const variable = loneVariable(word);
    if (variable !== undefined) return [`$${variable}`];
    return [...word.matchAll(/\$\$|\$\{[^}:]*\}/g)].map(([match]) => match).filter((match) => match !== '$$');
  });
  return [...new Set(found)];
}

/** In a word that begins with one dollar, all that follows is the variable's name. */
function loneVariable(word: string): string | undefined {
  return /^\$(?![{$])/.test(word) ? word.slice(1) : undefined;
}

/** A `${` without a closing `}`, or with a `:` before it, stays literal. */
function expandBraces(word: string, environment: ReadonlyMap<string, string>): string {
  return word.replace(
    /\$\$|\$\{([^}:]*)(\}|:|$)/g,
    (match, name: string | undefined, end: string | undefined) => {
      if (match === '$$') return '$';
      return end === '}' ? (environment.get(name ?? '') ?? '') : match;
    },
  );
}
