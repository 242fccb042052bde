import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandsIn, unknownIn } from './support/commands.ts';
import { type Block, isThere, PAGES, readPage, ROOT, spansOf } from './support/pages.ts';
import { yamlProblems } from './support/yaml-blocks.ts';

const blocks = PAGES.flatMap((page) => readPage(page).blocks.map((block) => [at(block), block] as const));
const shell = blocks.filter(([, { language }]) => language === 'sh');
const yaml = blocks.filter(([, { language }]) => language === 'yaml');

function at({ page, line }: Block): string {
  return `${page}:${line}`;
}

it('every block says its language: sh, yaml or text', () => {
  const other = blocks.filter(([, { language }]) => !['sh', 'yaml', 'text'].includes(language));
  expect(other.map(([where]) => where)).toEqual([]);
});

/** A check that starts several programs for their help takes long on a busy machine. */
const TIMEOUT_MS = 300_000;

describe('a shell block', { timeout: TIMEOUT_MS }, () => {
  // test/e2e/fleet/monitoring.test.ts runs every command of every runbook.
  const marked = shell.filter(([, { page }]) => !page.startsWith('docs/runbooks/'));
  it.each(marked)('%s says above it what runs it, or why nothing does', (_where, { mark }) => {
    expect(whatIsWrong(mark)).toBeUndefined();
  });

  it.each(shell)('%s is a script that bash can parse', (_where, { text }) => {
    expect(spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it.each(shell)('%s names only commands, options and files of ours that exist', (_where, { text }) => {
    expect(unknownIn(text)).toEqual([]);
  });

  const here = shell.filter(([, { mark }]) => mark === 'runs');
  it.each(here)('%s runs, beside the policy of its page', (_where, { page, text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-block-'));
    try {
      const policy = readPage(page).blocks.find(({ language }) => language === 'yaml');
      writeFileSync(join(folder, 'policy.yaml'), policy?.text ?? '');
      symlinkSync(join(ROOT, 'scripts'), join(folder, 'scripts'));
      const printed = execFileSync('bash', ['-e', '-c', text], { cwd: folder, encoding: 'utf8' });
      expect(printed.trim()).not.toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a YAML block', () => {
  it.each(yaml)('%s parses, its policy is valid, and its manifests exist', (_where, { text }) => {
    expect(yamlProblems(text)).toEqual([]);
  });

  const inShell = shell.flatMap(([where, { text }]) =>
    [...text.matchAll(/<<'YAML'\n(?<yaml>[^]*?)\nYAML$/gmu)].map(
      ({ groups }) => [where, groups?.['yaml'] ?? ''] as const,
    ),
  );
  it.each(inShell)('that the script of %s writes is right too', (_where, text) => {
    expect(yamlProblems(text)).toEqual([]);
  });
});

describe('the text of a page', { timeout: TIMEOUT_MS }, () => {
  const OURS = /^(?:npm (?:run|test)|kubectl sysctls|kubelet-sysctls|scripts\/[\w-]+) /u;

  it.each(PAGES)('%s names only commands and options of ours that exist', (page) => {
    const spans = spansOf(readPage(page)).filter((span) => OURS.test(`${span} `));
    expect(spans.flatMap((span) => unknownIn(span.replaceAll(/<TAB>|…/gu, '')))).toEqual([]);
  });
});

describe('these checks', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['kubectl sysctls no-such-command', 'agent/kubectl.ts has no command no-such-command'],
    ['kubectl sysctls wait --no-such 3', 'agent/kubectl.ts wait has no option --no-such'],
    [
      'true && scripts/kubelet-sysctls plan --labels a=b --no-such=3',
      'agent/main.ts plan has no option --no-such',
    ],
    ['npm run no-such', 'npm run no-such does not exist'],
    ['npm run demo -- --no-such', 'scripts/demo.ts has no option --no-such'],
    ['cat scripts/no-such.ts | wc', 'scripts/no-such.ts does not exist'],
  ])('find what is wrong with %s', (text, problem) => {
    expect(unknownIn(text)).toEqual([problem]);
  });

  it('find a policy that is not valid in a patch of an overlay', () => {
    const policy = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-sysctls}\ndata: {canary: "-1"}';
    const overlay = `resources: [../daemonset, ../none]\npatches:\n  - patch: ${JSON.stringify(policy)}`;
    expect(yamlProblems(overlay)).toEqual([
      '../none does not exist beside an overlay',
      expect.stringContaining('canary'),
      expect.stringContaining('Expected'),
    ]);
  });

  it('read a here-document and a comment as no command, and a quoted bar as no pipe', () => {
    const text = "cat > f <<'YAML' # one\na: b | c\nYAML\necho 'x | y' | wc \\\n  -l";
    expect(commandsIn(text.replace(' # one', ''))).toEqual([
      ['cat', '>', 'f'],
      ['echo', "'x | y'"],
      ['wc', '-l'],
    ]);
  });
});

/** Returns what is wrong with the comment above a block: `runs`, `run by: FILE` with or without a test's title, or `not run: WHY`. */
function whatIsWrong(mark: string | undefined): string | undefined {
  if (mark === undefined) return 'Expected a comment in the line above: runs, run by: FILE, or not run: WHY.';
  if (mark === 'runs' || /^not run: \S.{10}/u.test(mark)) return undefined;
  const { file, title } = /^run by: (?<file>\S+)(?: `(?<title>[^`]+)`)?/u.exec(mark)?.groups ?? {};
  if (file === undefined) return `Expected runs, run by: FILE, or not run: WHY, got ${mark}.`;
  if (!isThere(file)) return `${file} does not exist.`;
  const source = readFileSync(join(ROOT, file), 'utf8');
  return title === undefined || source.includes(title) ? undefined : `${file} has no test "${title}".`;
}
