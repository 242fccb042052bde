// Words that another party's script left in a variable, and that no kubelet can mean: glued arguments and shell syntax.

import type { Configured } from '../kubelet/configured.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import { quote } from '../text/quote.ts';

/** A word of the arguments that a person must fix. */
export interface ForeignWord {
  /** Its index among the arguments. */
  readonly at: number;
  readonly message: string;
}

/** Returns the first such word with what to write instead; undefined when there is none. */
export function foreignWord(configured: Configured, variable: string): ForeignWord | undefined {
  return gluedWord(configured) ?? shellWord(configured, variable);
}

/** What lies between two arguments of one word: nothing, or the quotes and commas before it. */
const NEXT_ARGUMENT = /["',]*(?=--[A-Za-z][\w-]*(?:[=\s"']|$)|(?<!-)-v=?\d+["']*$)/;
/** Where another line begins within the list: the line before it had no newline. */
const NEXT_LINE = /["']*(?=[A-Z][A-Z0-9_]*=)/;
const OUR_FLAG = /--allowed[-_]unsafe[-_]sysctls/;

/**
 * A script that appends to a line, and not within its quotes, makes one word of two: systemd has no blank behind a closing
 * quote. The kubelet then reads an argument as part of the list, or the flag as part of another argument.
 */
function gluedWord({ args, uses }: Configured): ForeignWord | undefined {
  const values = new Set(uses.filter(({ use }) => use.words === 2).map(({ use }) => use.at + 1));
  for (const [at, { text, variable }] of args.entries()) {
    const from = values.has(at) ? 0 : text.search(OUR_FLAG);
    const [list = '', ...lines] = from < 0 ? [] : text.slice(from).split(NEXT_LINE);
    const words =
      from < 0 ? [] : (text.slice(0, from) + list).split(NEXT_ARGUMENT).filter((part) => part !== '');
    if (variable === undefined || words.length + lines.length < 2) continue;
    const separate =
      lines.length === 0 ? '' : ` and, on a line of its own, ${lines.join('').replace(/["']+$/, '')}`;
    const message =
      `Expected --${ALLOWED_FLAG} to be a word of its own, got ${quote(text)}: another party's edit glued arguments together. ` +
      `Write ${words.map((word) => word.replace(/["',]+$/, '')).join(' ')}${separate}, with all arguments within one pair of quotes.`;
    return { at, message };
  }
  return undefined;
}

/** An expression that only a shell would run. */
function shellWord({ args }: Configured, variable: string): ForeignWord | undefined {
  const at = args.findIndex((word) => word.variable === variable && /\$\(|`/.test(word.text));
  if (at < 0) return undefined;
  const message =
    `Expected arguments, got ${quote(args[at]?.text ?? '')}: systemd runs no $(…) and no \`…\`, and the kubelet gets it as it stands. ` +
    'Write what the command prints.';
  return { at, message };
}

/** Returns what to add to the message of an argument that the kubelet refuses; empty when nothing. */
export function hintFor(text: string): string {
  if (text.includes('\r'))
    return ' A backslash before CR LF does not continue the line: save the file with LF alone.';
  if (text.startsWith('#')) return ' systemd reads no comment behind a value: put it on a line of its own.';
  return /\$[A-Za-z_{]/.test(text)
    ? ' systemd replaces no variable within the value of another one: write the value itself.'
    : '';
}
