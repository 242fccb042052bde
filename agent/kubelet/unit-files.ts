// Parses the files of a unit on the disk, as far as they decide how the kubelet starts.

import { literalPattern } from '../text/pattern.ts';
import { wordTexts } from './words.ts';

/** What systemd would load. A specifier such as `%H` is not resolved. */
export interface UnitSettings {
  /** The argv of each ExecStart= in force. systemd refuses more than one, except for Type=oneshot. */
  readonly execStart: readonly (readonly string[])[];
  /** The commands of ExecStartPre=, the words of each joined by blanks. */
  readonly startPre: readonly string[];
  /** Each `KEY=value`, in order: the last of a key is in force. */
  readonly environment: readonly string[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
}

/** Returns the settings of a unit file and its drop-ins, given in the order in which systemd reads them. Mirrors systemd.unit(5) and systemd.service(5). */
export function parseUnitFiles(texts: readonly string[]): UnitSettings {
  const lines = texts.flatMap(serviceLines);
  const valuesOf = (key: string): readonly string[] => {
    const values = lines.filter(([name]) => name === key).map(([, value]) => value);
    // An empty value removes those before it.
    return values.slice(values.lastIndexOf('') + 1);
  };
  return {
    execStart: valuesOf('ExecStart').map(argvOf),
    startPre: valuesOf('ExecStartPre').map((value) => argvOf(value).join(' ')),
    environment: valuesOf('Environment').flatMap((value) => wordTexts(value)),
    environmentFiles: valuesOf('EnvironmentFile').map((value) => ({
      path: value.replace(/^-/u, ''),
      optional: value.startsWith('-'),
    })),
  };
}

/** Returns the keys and values of the section [Service]; a backslash at a line's end joins the next one. */
function serviceLines(text: string): readonly (readonly [string, string])[] {
  const lines: string[] = [];
  let isJoined = false;
  for (const line of text.split(/\r?\n/u)) {
    if (/^\s*[#;]/u.test(line)) continue;
    const body = line.replace(/\\$/u, ' ');
    if (isJoined) lines.push(`${lines.pop() ?? ''}${body}`);
    else lines.push(body);
    isJoined = line.endsWith('\\');
  }
  let section = '';
  return lines.flatMap((line): readonly (readonly [string, string])[] => {
    section = /^\s*\[(.*)\]\s*$/u.exec(line)?.[1] ?? section;
    const equals = line.indexOf('=');
    if (section !== 'Service' || equals < 0) return [];
    return [[line.slice(0, equals).trim(), line.slice(equals + 1).trim()]];
  });
}

/** With the prefix `@` the second word is argv[0], which the program's path replaces. */
function argvOf(value: string): readonly string[] {
  const prefix = /^[-@:+!|]*/u.exec(value)?.[0] ?? '';
  const [binary = '', ...words] = wordTexts(value.slice(prefix.length));
  return [binary, ...(prefix.includes('@') ? words.slice(1) : words)];
}

/** Returns the text that systemd has loaded when the text of the file can stand for it, its specifiers resolved; else the file's. */
export function resolvedBy(text: string, loaded: string | undefined): string {
  if (loaded === undefined || !text.includes('%')) return text;
  const pattern = text
    .split(/(%.)/u)
    .map((part) => (part === '%%' ? '%' : /^%.$/u.test(part) ? '.*' : literalPattern(part)))
    .join('');
  return new RegExp(`^${pattern}$`, 'su').test(loaded) ? loaded : text;
}
