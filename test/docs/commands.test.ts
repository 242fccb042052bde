import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../agent/cli/exit.ts';
import { WAIT_EXIT } from '../../agent/cli/kubectl/commands/wait.ts';
import { objectAt, stringMapAt } from '../../agent/cluster/http/json.ts';
import { KUBELET_VERSIONS } from '../../scripts/bed/build/kubernetes.ts';
import { helpOf } from './support/commands.ts';
import { readPage, ROOT, tableOf } from './support/pages.ts';

/** Starting five programs takes long on a busy machine. */
const TIMEOUT_MS = 300_000;

describe('docs/reference/kubelet-sysctls.md', { timeout: TIMEOUT_MS }, () => {
  const { blocks, prose } = readPage('docs/reference/kubelet-sysctls.md');
  const commands = [...prose.matchAll(/^## (?<title>.*)$/gmu)].map(({ groups }) => groups?.['title'] ?? '');

  it('has a section for each command that the help lists', () => {
    const [, list = ''] = helpOf('agent/main.ts', []).split('Commands:\n');
    const listed = [...list.matchAll(/^ {2}(?<name>[a-z-]+)/gmu)].map(({ groups }) => groups?.['name']);
    expect(commands).toEqual(['All commands', ...listed.filter((name) => name !== 'help')]);
    expect(blocks).toHaveLength(commands.length);
  });

  it.each(commands.map((title, index) => [title, index] as const))(
    'prints the help of: %s',
    (title, index) => {
      const words = title === 'All commands' ? [] : [title];
      expect(`${blocks[index]?.text}\n`).toBe(helpOf('agent/main.ts', words));
    },
  );
});

describe('docs/reference/exit-codes.md', () => {
  const PAGE = 'docs/reference/exit-codes.md';
  const own = tableOf(PAGE, ['Command', '0', '1', '2', 'Others']);

  it('has the codes that every command shares in its columns, and those of wait in its row', () => {
    expect(EXIT).toEqual({ ok: 0, no: 1, usage: 2 });
    const wait = own.find(([command]) => command === '`kubectl sysctls wait`')?.[4] ?? '';
    expect([...wait.matchAll(/\d/gu)].map(([code]) => Number(code))).toEqual(Object.values(WAIT_EXIT));
    expect(own.filter(([, , , , others]) => /\d/u.test(others ?? ''))).toHaveLength(1);
  });

  it('repeats for each command of developers what its help says of its exit codes', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const programs = stringMapAt(objectAt(manifest), 'scripts');
    for (const [command = '', ...cells] of tableOf(PAGE, ['Command', '0', '1', '2', '130'])) {
      for (const [, name = ''] of command.matchAll(/`npm (?:run )?(?<name>[\w:]+)`/gu)) {
        const program = /scripts\/[\w-]+\.ts/u.exec(programs[name] ?? '')?.[0] ?? '';
        const [, said = ''] = helpSource(program).split('Exit codes: ');
        const codes = ['0', '1', '2', '130'].flatMap((code, index) =>
          cells[index] === '' ? [] : [`${code} ${cells[index]}`],
        );
        expect(`${name}: ${said.split('\n')[0]}`).toBe(`${name}: ${codes.join(', ')}.`);
      }
    }
  });
});

it('docs/reference/kubelets.md has a row for each version of the kubelet that is tested, in the same order', () => {
  const rows = tableOf('docs/reference/kubelets.md', ['Kubelet', 'Passed', 'Failed', 'Skipped', 'Seconds']);
  expect(rows.map(([version]) => version)).toEqual(KUBELET_VERSIONS);
});

it('every decision in docs/adr has its context, its decision and its consequences', () => {
  const pages = readdirSync(join(ROOT, 'docs/adr')).map((name) => readPage(`docs/adr/${name}`));
  const parts = pages.map(({ path, prose }) => [
    path,
    [...prose.matchAll(/^## (.*)$/gmu)].map(([, title]) => title),
  ]);
  expect(parts.length).toBeGreaterThan(0);
  expect(parts).toEqual(pages.map(({ path }) => [path, ['Context', 'Decision', 'Consequences']]));
});

/** Returns the source that has the text of a program's help: its own, or that of the options it imports. */
function helpSource(program: string): string {
  const own = readFileSync(join(ROOT, program), 'utf8');
  const [, from] = /import \{[^}]*\bHELP\b[^}]*\} from '(?<from>[^']+)'/u.exec(own) ?? [];
  return from === undefined ? own : readFileSync(join(ROOT, dirname(program), from), 'utf8');
}
