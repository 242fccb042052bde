// Finds the word that a person most likely meant.

/**
 * Returns the candidate with the fewest single-character edits to `word`, ignoring case; undefined when every candidate
 * needs more than `mostEdits`, or more than a third of its length (at least one).
 */
export function closest(
  word: string,
  candidates: readonly string[],
  mostEdits = Infinity,
): string | undefined {
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const limit = Math.min(mostEdits, Math.max(1, Math.floor(candidate.length / 3)));
    if (Math.abs(candidate.length - word.length) <= limit) {
      const edits = editsBetween(word.toLowerCase(), candidate.toLowerCase());
      if (edits <= limit && (best === undefined || edits < best.edits)) {
        best = { candidate, edits };
      }
    }
  }
  return best?.candidate;
}

// Levenshtein's distance, one row of the table at a time.
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const swap = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swap, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
