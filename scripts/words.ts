// Checks that code and pages use plain technical English: finds the words that this project does not use.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorText } from '../agent/text/error-text.ts';

const HELP = `Usage: node scripts/words.ts [--root DIR]

Searches agent/, scripts/, test/, daemonset/, the pages of docs/ and those beside them for words that this project does not use.
Prints the file, the line, the word, and what to write instead.

Options:
  --root DIR   the checkout to search (this one)
  -h, --help   this text

Exit codes: 0 none found, 1 some found, 2 wrong usage.
`;

const CHECKOUT = join(import.meta.dirname, '..');
const FOLDERS = ['agent', 'scripts', 'test', 'daemonset', 'docs'];
/** These have to name the words. */
const EXCLUDED = new Set(['scripts/words.ts', 'test/scripts/words.test.ts']);
/** The rest of docs/ is drawn or recorded. */
const IS_DRAWN = /^docs\/.*(?<!\.md)$/u;

/** A phrase may be broken over two lines of text or of a comment. */
const GAP = String.raw`(?:[ \t]+|[ \t]*\n[ \t]*(?:(?://|\*|#|>)[ \t]*)?)`;

/** Each word (a space stands for any gap) and what to write instead. */
const RULES: readonly (readonly [pattern: string, instead: string])[] = [
  ['anew', 'again'],
  [
    'nobody|somebody|whoever',
    'name the actor: the agent, the coordinator, the kubelet, a user, another party',
  ],
  ['mend(?:s|ed|ing)?', 'fix, repair, correct'],
  ['(?:tells?|told) of', 'report, say, name'],
  ['so long', 'while, until, or the time itself'],
  ['(?:takes?|taken|took|taking) back', 'restore, roll back, revert, revoke'],
  ['go(?:es)? on', 'continue, retry'],
  ['by (?:itself|themselves)', 'automatically, or leave it out'],
  ['hear[sd]?', 'receive, see, get'],
  ['look(?:s|ed)?(?! like)', 'observe, reconcile, read, check, pass'],
  ['twice is', 'say what happened'],
  ['in vain', 'without effect, or say what failed'],
];

/** A word that this project does not use. */
export interface Hit {
  /** The line, from 1. */
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

/** The hits of a text in the order of its lines. Words inside longer words, camelCase too, are no hits. */
export function findWords(text: string): readonly Hit[] {
  const hits = RULES.flatMap(([pattern, instead]) =>
    [...text.matchAll(new RegExp(String.raw`\b(?:${pattern.replaceAll(' ', GAP)})\b`, 'giu'))].map(
      ({ index, 0: found }) => ({ index, word: found.replaceAll(/\s*\n\s*\W*/gu, ' '), instead }),
    ),
  );
  return hits
    .toSorted((one, other) => one.index - other.index)
    .map(({ index, ...hit }) => ({ line: text.slice(0, index).split('\n').length, ...hit }));
}

/** One line for each hit in a checkout. */
export async function checkWords(root: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const file of await filesOf(root)) {
    const text = await readFile(join(root, file), 'utf8');
    lines.push(
      ...findWords(text).map(({ line, word, instead }) => `${file}:${line}: "${word}" → ${instead}`),
    );
  }
  return lines;
}

async function filesOf(root: string): Promise<readonly string[]> {
  const inFolders = await Promise.all(FOLDERS.map((folder) => filesIn(root, folder)));
  const pages = (await readdir(root)).filter((name) => name.endsWith('.md')).toSorted();
  return [...pages, ...inFolders.flat()].filter((file) => !EXCLUDED.has(file) && !IS_DRAWN.test(file));
}

async function filesIn(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
}

async function main(args: string[]): Promise<number> {
  const root = parse(args);
  if (typeof root === 'number') return root;
  const lines = await checkWords(root);
  if (lines.length === 0) return 0;
  process.stderr.write(`${lines.join('\n')}\n\n${lines.length} words to replace (scripts/words.ts).\n`);
  return 1;
}

/** The checkout's folder, or an exit code when there is nothing to do. */
function parse(args: string[]): string | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        root: { type: 'string', default: CHECKOUT },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return join(values.root, '.');
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n\n${HELP}`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
