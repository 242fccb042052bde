// Text as a part of a regular expression.

/** Returns a regular expression's source that matches exactly this text. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`);
}
