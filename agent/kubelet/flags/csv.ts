// Parses and prints the value of a pflag StringSlice flag: a single CSV record.

/** Go cannot read the value as a CSV record, so the kubelet refuses the flag. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

/**
 * Returns the items of a StringSlice value; an empty value is an empty list. Quoted items may hold commas, newlines and
 * doubled quotes. Text after the record's newline is dropped. Mirrors readAsCSV of pflag and Reader.readRecord of
 * Go's encoding/csv with LazyQuotes off.
 *
 * @throws CsvError where Go does: a bare or an unclosed quote, or nothing but newlines.
 */
export function parseCsv(value: string): readonly string[] {
  if (value === '') return [];
  const text = value.replace(/\r$/, '').replaceAll('\r\n', '\n').replace(/^\n+/, '');
  if (text === '') {
    throw new CsvError(
      'Expected a comma-separated list, got only newlines. Remove the flag or name sysctls.',
    );
  }
  const items: string[] = [];
  for (let at = 0; ;) {
    const { item, next } = text.charAt(at) === '"' ? quotedItem(text, at + 1) : plainItem(text, at);
    items.push(item);
    if (text.charAt(next) !== ',') return items;
    at = next + 1;
  }
}

/** Returns the value from which parseCsv reads the list back; an empty list is an empty value. */
export function printCsv(items: readonly string[]): string {
  if (items.length === 1 && items[0] === '') return '""';
  return items.map((item) => (/[",\n\r]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item)).join(',');
}

function plainItem(text: string, from: number): { readonly item: string; readonly next: number } {
  const item = /^[^,\n]*/.exec(text.slice(from))?.[0] ?? '';
  if (item.includes('"')) {
    throw new CsvError(`Expected quotes around a whole item or none, got ${item}. Remove the quotes.`);
  }
  return { item, next: from + item.length };
}

function quotedItem(text: string, from: number): { readonly item: string; readonly next: number } {
  const body = /^(?:[^"]|"")*/.exec(text.slice(from))?.[0] ?? '';
  const next = from + body.length + 1;
  if (next > text.length || !['', ',', '\n'].includes(text.charAt(next))) {
    throw new CsvError(
      `Expected a closing quote at the end of an item, got "${text.slice(from)}. Remove the quotes.`,
    );
  }
  return { item: body.replaceAll('""', '"'), next };
}
