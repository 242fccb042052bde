// Formats values and choices for one line of a message.

const LONGEST_QUOTE = 80;

/** Returns the printable text in double quotes. */
export function quote(text: string): string {
  return `"${printable(text)}"`;
}

/**
 * Returns the text with control, invisible and direction-changing characters escaped, cut after `longest` characters, so
 * that a message stays short and a terminal or an annotation shows every character.
 */
export function printable(text: string, longest = LONGEST_QUOTE): string {
  const escaped = Array.from(text.slice(0, longest), escape).join('');
  return text.length > longest ? `${escaped}… (${text.length} characters)` : escaped;
}

/** `a, b or c` */
export function anyOf(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words.slice(-1).join('')}`;
}

function escape(character: string): string {
  if (character === '\n' || character === '\r' || character === '\t') {
    return { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  }
  if (/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(character)) {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  }
  return character;
}
