import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, isThere, linksOf, PAGES, readPage, ROOT, spansOf } from './support/pages.ts';

/** Longer, a front door is a manual. */
const MOST_LINES = 150;
/** Folders of the checkout. A span that begins with one of them names a file or a folder. */
const TREE = /^(?:agent|scripts|test|docs|daemonset)\/[\w./-]*\w$/u;

it(`README.md has at most ${MOST_LINES} lines`, () => {
  const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
});

describe('every page', () => {
  it.each(PAGES)('%s links only to files and anchors that exist', (path) => {
    const wrong = linksOf(readPage(path)).filter((target) => !leadsSomewhere(path, target));
    expect(wrong).toEqual([]);
  });

  it.each(PAGES)('%s names only files of this repository that exist', (path) => {
    expect(spansOf(readPage(path)).filter((span) => TREE.test(span) && !isThere(span))).toEqual([]);
  });
});

it('docs/README.md leads to every other page of docs/, or to the README.md of its folder, which does', () => {
  const map = 'docs/README.md';
  const direct = targetsOf(map);
  const maps = direct.filter((page) => page.startsWith('docs/') && page.endsWith('/README.md'));
  const listed = new Set([...direct, ...maps.flatMap(targetsOf)]);
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== map);
  expect(pages.filter((page) => !listed.has(page))).toEqual([]);
});

/** Returns the paths to which a page links. */
function targetsOf(page: string): readonly string[] {
  return linksOf(readPage(page)).map((target) => normalize(join(dirname(page), target)));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : normalize(join(dirname(page), file));
  if (!isThere(path)) return false;
  return anchor === undefined || (path.endsWith('.md') && anchorsOf(readPage(path)).has(anchor));
}
