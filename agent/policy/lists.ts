// The text of a sysctl list: names one a line or comma-separated, with # comments.

import type { Entry } from './policy.ts';

/**
 * Every item of the text with its line. `#` starts a comment anywhere (no name has one); blank lines, \r\n, and a
 * comma at a line's end are fine. An item that is empty between two commas is an entry too, with an empty pattern,
 * which no kubelet accepts: the caller's check reports it. `key` is the ConfigMap's key, `firstLine` the line on
 * which the text begins there.
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
