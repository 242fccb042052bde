// Formats many names in one line.

/** `node-1, node-2 and 48 more`: as many names as fit into `width` characters, at least one. */
export function someNames(names: readonly string[], width: number): string {
  // A name and its comma take three characters or more, so more names than `width` never fit. This avoids a long join.
  const all = names.length <= width ? firstNames(names, names.length) : undefined;
  if (all !== undefined && all.length <= width) return all;
  let shown = 1;
  while (shown < names.length && firstNames(names, shown + 1).length <= width) shown += 1;
  return firstNames(names, shown);
}

/** `node-1, node-2 and 48 more`: the first names, at most `shown`. */
export function firstNames(names: readonly string[], shown: number): string {
  const text = names.slice(0, shown).join(', ');
  const more = names.length - shown;
  return more > 0 ? `${text} and ${more} more` : text;
}
