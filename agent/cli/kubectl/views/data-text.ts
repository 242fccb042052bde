// What `-o json`, `-o yaml` and `-o name` print.

import { stringify } from 'yaml';

export type DataFormat = 'json' | 'yaml';

/** Returns the value as JSON or YAML that ends in a newline; fields that are undefined are left out. */
export function dataText(value: unknown, format: DataFormat): string {
  const json = JSON.stringify(value, undefined, 2);
  if (format === 'json') return `${json.replaceAll(CONTROL, escaped)}\n`;
  // The same values as in JSON: no aliases for values that occur twice, and no folded lines.
  return stringify(JSON.parse(json), { lineWidth: 0 }).replaceAll(CONTROL, '');
}

/** Returns `node/NAME` lines, as kubectl prints them and as pause, resume and retry take them; ends in a newline unless empty. */
export function nodeNames(names: readonly string[]): string {
  return names.map((name) => `node/${name}\n`).join('');
}

/** Control characters that JSON and YAML print as they are; they could control the terminal. */
const CONTROL = /[\u007f-\u009f]/gu;

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
