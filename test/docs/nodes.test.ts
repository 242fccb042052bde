import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NodeKind } from '../../scripts/bed/kinds/kind.ts';
import { ALL_KINDS, NEW_TARGET_KINDS, REFUSED_KINDS, TAKEN_KINDS } from '../../scripts/bed/kinds/kinds.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/reference/nodes.md');
/** Every kind of node that people were found to have. */
const KINDS = 27;

/** What the tests of these files are made of, by the words in their source. */
const LISTS: Readonly<Record<string, readonly NodeKind[]>> = { TAKEN_KINDS, NEW_TARGET_KINDS, REFUSED_KINDS };

/** Rows of docs/reference/nodes.md, without the heads of its tables. */
async function rows(): Promise<readonly (readonly [kind: string, what: string, tests: string])[]> {
  const lines = (await readFile(PAGE, 'utf8')).split('\n').filter((line) => /^\| (?!-|Kind )/u.test(line));
  return lines.map((line) => {
    const [kind = '', what = '', tests = ''] = line
      .split(' | ')
      .map((cell) => cell.replaceAll(/^\| | \|$/gu, ''));
    return [kind, what, tests];
  });
}

/** The tests that a cell names, by their file relative to the page. */
function named(cell: string): readonly { readonly file: string; readonly title: string }[] {
  return [...cell.matchAll(/\[[^\]]*\]\((?<path>[^)]*)\) `(?<title>[^`]*)`/gu)].map(({ groups }) => ({
    file: join(PAGE, '..', groups?.['path'] ?? ''),
    title: groups?.['title'] ?? '',
  }));
}

describe('docs/reference/nodes.md', () => {
  it('has at least every kind of node that people were found to have', async () => {
    expect((await rows()).length).toBeGreaterThanOrEqual(KINDS);
  });

  it('names for each kind a test that exists, or says that there is none', async () => {
    const wrong: string[] = [];
    for (const [kind, , cell] of await rows()) {
      if (cell === 'not tested') continue;
      const tests = named(cell);
      if (tests.length === 0) wrong.push(`${kind}: ${cell}`);
      for (const { file, title } of tests) {
        if (!(await titlesIn(file))(title)) wrong.push(`${kind}: no test "${title}" in ${file}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has a row for the test of every kind of the bed', async () => {
    const cells = (await rows()).map(([, , cell]) => cell).join('\n');
    expect(ALL_KINDS.filter(({ title }) => !cells.includes(`\`${title}\``))).toEqual([]);
  });
});

/** Whether a file has a test of this title: as a text in its source, or as that of a kind of which its tests are made. */
async function titlesIn(file: string): Promise<(title: string) => boolean> {
  const source = await readFile(file, 'utf8');
  const kinds = Object.entries(LISTS).flatMap(([name, list]) => (source.includes(name) ? list : []));
  const titles = new Set(kinds.map(({ title }) => title));
  return (title) => titles.has(title) || ["'", '"'].some((quote) => source.includes(quote + title + quote));
}
