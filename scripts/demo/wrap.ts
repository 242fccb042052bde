// Text in lines of a given width.

/**
 * Splits a text into lines of at most `width` characters, at its spaces. A paragraph's own lines stay, what goes on keeps
 * their indentation, and a longer word gets a line of its own.
 */
export function wrap(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => wrapLine(paragraph, width));
}

function wrapLine(paragraph: string, width: number): readonly string[] {
  const indent = /^ */.exec(paragraph)?.[0] ?? '';
  const [first = '', ...words] = paragraph.slice(indent.length).split(' ');
  const lines: string[] = [];
  let line = indent + first;
  for (const word of words) {
    if (line.length + 1 + word.length <= width) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
