// Parses an array of strings that systemctl show prints on one line.

import { decodeUtf8, encodeUtf8 } from './environment/bytes.ts';

export interface QuotedWords {
  readonly words: readonly string[];
  /** What follows the last word and is not a word; empty when the whole line was read. */
  readonly rest: string;
}

/** Old systemd prints this for a string with a blank in it. */
export const UNPRINTABLE = '[unprintable]';

/** A word, with or without double quotes, in a byte string, where other whitespace may be part of a character. */
const WORD = /[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([^ \t"][^ \t]*))(?=[ \t]|$)/gy;

/**
 * Returns the strings, each in double quotes with C's escapes where it needs them. Mirrors shell_maybe_quote, by which
 * bus_print_property prints them (systemd src/basic/escape.c, src/shared/bus-print-properties.c). Old systemd prints each
 * unquoted, or UNPRINTABLE for one with a blank.
 */
export function readQuotedWords(line: string): QuotedWords {
  const bytes = encodeUtf8(line).replace(/[ \t]+$/, '');
  const words = [...bytes.matchAll(WORD)];
  const last = words.at(-1);
  const end = last === undefined ? 0 : last.index + last[0].length;
  return {
    words: words.map(([, quoted, plain = '']) => decodeUtf8(quoted === undefined ? plain : unescape(quoted))),
    rest: decodeUtf8(bytes.slice(end)).trim(),
  };
}

const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]))/g;
const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
};

/** Mirrors cunescape_one (systemd src/basic/escape.c); a backslash before any other character is that character. */
function unescape(bytes: string): string {
  return bytes.replace(
    ESCAPE,
    (_, hex?: string, octal?: string, short?: string, long?: string, char?: string) => {
      if (char !== undefined) return CONTROLS[char] ?? char;
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const code = Number.parseInt(short ?? long ?? '', 16);
      return encodeUtf8(code <= 0x10ffff ? String.fromCodePoint(code) : REPLACEMENT);
    },
  );
}

/** Replaces a code point beyond Unicode. */
const REPLACEMENT = '\u{fffd}';
