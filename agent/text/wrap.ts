// Wraps and cuts text to a width.

/** Returns the words in lines of at most `width` characters. A longer word is broken. No words give no lines. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/u).flatMap((part) => pieces(part, width))) {
    const last = lines.at(-1);
    if (last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** Returns the text, or its beginning and an ellipsis, in at most `width` characters. */
export function cut(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Empty for an empty word. */
function pieces(word: string, width: number): readonly string[] {
  const letters = Array.from(word);
  return Array.from({ length: Math.ceil(letters.length / width) }, (_, at) =>
    letters.slice(at * width, (at + 1) * width).join(''),
  );
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
