// Adds names to the text of the policy's list, or removes them; keeps everything else.

import { readList } from '../../agent/policy/lists.ts';
import { LIST_KEY } from './names.ts';

export interface ListEdit {
  readonly text: string;
  /** The added lines. */
  readonly added: readonly string[];
}

/** Returns the text with a line for each name that the list does not have yet. */
export function withNames(text: string, names: readonly string[]): ListEdit {
  const present = namesIn(text);
  const added = names.filter((name) => !present.includes(name));
  if (added.length === 0) return { text, added };
  const begun = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return { text: `${begun}${added.join('\n')}\n`, added };
}

/** Returns the text without the names, and without lines that contained nothing else. */
export function withoutNames(text: string, names: readonly string[]): string {
  const lines = text.split('\n').map((line) => withoutIn(line, names));
  return lines.filter((line) => line !== undefined).join('\n');
}

export function namesIn(text: string): readonly string[] {
  return readList(text, LIST_KEY).map(({ pattern }) => pattern);
}

function withoutIn(line: string, names: readonly string[]): string | undefined {
  const [list = '', ...comment] = line.split('#');
  const items = list.split(',');
  const kept = items.filter((item) => !names.includes(item.trim()));
  if (kept.length === items.length) return line;
  const space = comment.length === 0 ? '' : (/\s*$/.exec(list)?.[0] ?? '');
  const rest = [kept.join(',').trimEnd() + space, ...comment].join('#');
  return kept.length === 0 && comment.length === 0 ? undefined : rest;
}
