import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWords, findWords } from '../../scripts/words.ts';

const wordsIn = (text: string): string[] => findWords(text).map(({ word }) => word);

describe('findWords', () => {
  it.each([
    'anew',
    'Nobody',
    'somebody',
    'Whoever',
    'mend',
    'mends',
    'mended',
    'mending',
    'tells of',
    'tell of',
    'told of',
    'so long',
    'take back',
    'takes back',
    'taken back',
    'took back',
    'go on',
    'goes on',
    'by itself',
    'by themselves',
    'hear',
    'hears',
    'heard',
    'look',
    'Looks',
    'looked',
    'twice is',
    'in vain',
  ])('finds "%s" and says what to write instead', (word) => {
    const [hit, ...others] = findWords(`The agent, ${word}.`);
    expect(hit).toMatchObject({ line: 1, word });
    expect(hit?.instead).not.toBe('');
    expect(others).toEqual([]);
  });

  it('finds a word as an identifier and as a string', () => {
    expect(wordsIn("const look = 'nobody';")).toEqual(['look', 'nobody']);
  });

  it('finds a phrase that is broken over two lines of a comment, on the first of them', () => {
    const text = '\n/**\n * The agent goes\n * on.\n */\n// It rolls back by\n  // itself.\n';
    expect(findWords(text)).toMatchObject([
      { line: 3, word: 'goes on' },
      { line: 6, word: 'by itself' },
    ]);
  });

  it.each([
    'It looks like a policy.',
    'lookup, lookWhileWanted, outlook, Recommended, amend, shear, anewline',
    'It takes the file, and the kubelet is back.',
    'The agent is told. Of two nodes one is changed.',
    'so that long lists fit',
    'The timer goes off; ongoing changes wait.',
  ])('lets "%s" pass', (text) => {
    expect(wordsIn(text)).toEqual([]);
  });
});

describe('checkWords', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'words-'));
    for (const folder of ['agent', 'scripts', 'test', 'daemonset', 'docs']) await mkdir(join(root, folder));
    await put('README.md', 'A DaemonSet.\n');
  });

  afterEach(() => rm(root, { recursive: true }));

  async function put(file: string, text: string): Promise<void> {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await writeFile(join(root, file), text);
  }

  it('names file, line, word and replacement for every folder that it searches', async () => {
    await put('README.md', 'One line.\nIt starts anew.\n');
    await put('agent/node/a.ts', '// anew\n');
    await put('scripts/setup', '# anew\n');
    await put('test/a.test.ts', '// anew\n');
    await put('daemonset/a.yaml', '# anew\n');
    await put('docs/how-to/a.md', 'anew\n');
    expect(await checkWords(root)).toEqual([
      'README.md:2: "anew" → again',
      'agent/node/a.ts:1: "anew" → again',
      'scripts/setup:1: "anew" → again',
      'test/a.test.ts:1: "anew" → again',
      'daemonset/a.yaml:1: "anew" → again',
      'docs/how-to/a.md:1: "anew" → again',
    ]);
  });

  it('passes over drawings, recordings, and the two files that must name the words', async () => {
    for (const file of [
      'docs/a.svg',
      'docs/a.jsonl',
      'scripts/words.ts',
      'test/scripts/words.test.ts',
      'package.json',
    ]) {
      await put(file, 'anew\n');
    }
    expect(await checkWords(root)).toEqual([]);
  });
});
