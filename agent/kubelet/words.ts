// Splits a variable's value into words, as systemd does for `$KUBELET_EXTRA_ARGS` in ExecStart=.

/** A word and its range in the value, quotes and backslashes included. */
export interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Splits a value at whitespace. Quotes count anywhere and are removed. A backslash makes the next character literal (also
 * within quotes of both kinds) and is dropped at the end. The end closes an unclosed quote.
 * Mirrors extract_first_word with EXTRACT_RELAX|EXTRACT_UNQUOTE, as replace_env_argv calls it (systemd
 * src/basic/extract-word.c, env-util.c). Works on texts and on byte strings of UTF-8.
 */
export function splitWords(value: string): readonly Word[] {
  const words: Word[] = [];
  for (let at = 0; at < value.length;) {
    if (WHITESPACE.includes(value.charAt(at))) at++;
    else {
      const word = readWord(value, at);
      words.push(word);
      at = word.to;
    }
  }
  return words;
}

/** Returns the texts of a value's words. */
export function wordTexts(value: string): readonly string[] {
  return splitWords(value).map((word) => word.text);
}

/** Returns the word with the least quoting from which splitWords reads it back. */
export function quoteWord(text: string): string {
  return text === '' ? "''" : text.replace(/[ \t\n\r'"\\]/g, String.raw`\$&`);
}

const WHITESPACE = ' \t\n\r';

function readWord(value: string, from: number): Word {
  let text = '';
  let quote = '';
  let at = from;
  for (; at < value.length; at++) {
    const char = value.charAt(at);
    if (char === '\\') text += value.charAt(++at);
    else if (quote !== '') {
      if (char === quote) quote = '';
      else text += char;
    } else if (char === "'" || char === '"') quote = char;
    else if (WHITESPACE.includes(char)) break;
    else text += char;
  }
  return { text, from, to: Math.min(at, value.length) };
}
