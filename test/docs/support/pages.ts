// The pages of this repository: their headings, links, code spans and fenced blocks.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

/** Returns every page: those beside README.md, and those of docs/. */
export const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].toSorted();

export interface Block {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The HTML comment in the line above the block, without its marks; undefined: there is none. */
  readonly mark: string | undefined;
}

export interface Page {
  readonly path: string;
  /** The text with every fenced block replaced by empty lines. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

export function readPage(path: string): Page {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n');
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { readonly line: number; readonly language: string; readonly from: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const fence = /^```(?<language>\w*)/u.exec(line);
    if (open !== undefined && line === '```') {
      const mark = /^<!--\s*(?<text>.*?)\s*-->$/u.exec(lines[open.line - 2] ?? '')?.groups?.['text'];
      const text = lines.slice(open.from, index).join('\n');
      blocks.push({ page: path, line: open.line, language: open.language, text, mark });
      open = undefined;
      prose.push('');
    } else if (open === undefined && fence !== null) {
      open = { line: index + 1, language: fence.groups?.['language'] ?? '', from: index + 1 };
      prose.push('');
    } else {
      prose.push(open === undefined ? line : '');
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block has no end`);
  return { path, prose: prose.join('\n'), blocks };
}

/** Returns the anchors of a page, as forges make them from its headings: the second of one name gets `-1`. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose.matchAll(/^#{1,6} (?<title>.*)$/gmu)].map(({ groups }) => {
    const title = (groups?.['title'] ?? '').replaceAll(/\[(?<text>[^\]]*)\]\([^)]*\)/gu, '$<text>');
    const slug = title
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(anchors);
}

/** Returns the targets of the page's links and images, those of HTML too, without addresses of other sites. */
export function linksOf({ prose }: Page): readonly string[] {
  const markdown = [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/gu)];
  const html = [...prose.matchAll(/(?:src|href)="(?<target>[^"]+)"/gu)];
  return [...markdown, ...html]
    .map(({ groups }) => groups?.['target'] ?? '')
    .filter((target) => !/^[a-z]+:/u.test(target));
}

/** Returns the page's code spans. */
export function spansOf({ prose }: Page): readonly string[] {
  return [...prose.matchAll(/`(?<code>[^`\n]+)`/gu)].map(({ groups }) => groups?.['code'] ?? '');
}

/** Returns the rows of the table whose head begins with these cells, each as its cells; throws when the page has none. */
export function tableOf(page: string, head: readonly string[]): readonly (readonly string[])[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  const begins = `| ${head.join(' | ')} |`;
  const tables = lines.flatMap((line, index) => (line.startsWith(begins) ? [index + 2] : []));
  if (tables.length === 0) throw new Error(`Expected a table "${begins}" in ${page}, found none`);
  return tables.flatMap((start) => {
    const end = lines.findIndex((line, index) => index >= start && !line.startsWith('|'));
    return lines.slice(start, end === -1 ? undefined : end).map(cellsOf);
  });
}

function cellsOf(row: string): readonly string[] {
  return row
    .slice(1, row.lastIndexOf('|'))
    .split(/(?<!\\)\|/u)
    .map((cell) => cell.trim());
}

/** Whether the path is in the checkout. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}
