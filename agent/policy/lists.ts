// Reads a list of sysctls: one name a line or comma-separated, with # comments.

import type { Entry } from './policy.ts';

/**
 * Returns every item of the text with its line. `#` starts a comment anywhere (no name has one). Blank lines, \r\n and a
 * comma at a line's end are allowed. An empty item between two commas becomes an entry with an empty pattern, which the
 * caller must refuse. `key` is the ConfigMap's key, `firstLine` the line of its value on which the text begins.
 */
export function readList(text: string, key: string, firstLine = 1): readonly Entry[] {
  return text
    .split('\n')
    .flatMap((line, index) => itemsOf(line).map((pattern) => ({ pattern, key, line: firstLine + index })));
}

function itemsOf(line: string): readonly string[] {
  const [named = ''] = line.split('#', 1);
  const items = named.trim() === '' ? [] : named.split(',').map((item) => item.trim());
  return items.length > 1 && items.at(-1) === '' ? items.slice(0, -1) : items;
}
