import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hangUp } from '../../../cluster/fault-server.ts';
import { api, kubeconfigText } from '../api.ts';
import { node } from '../nodes.ts';
import { kubectlSysctls } from '../run.ts';

async function complete(...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await kubectlSysctls(['__complete', ...words]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

const values = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.split('\t')[0] ?? '');

describe('__complete', () => {
  it('prints the commands with their descriptions, and the directive last', async () => {
    const lines = await complete('');
    expect(values(lines)).toEqual([
      'status',
      'plan',
      'pause',
      'resume',
      'retry',
      'wait',
      'history',
      'why',
      'dashboard',
      'version',
      'report',
      'completion',
      ':4',
    ]);
    expect(lines[0]).toMatch(/^status\tshow /u);
  });

  it.each([
    [['p'], ['plan', 'pause', ':4']],
    [
      ['status', '--w'],
      ['--watch', ':4'],
    ],
    [
      ['status', '-n', 'x', '--cont'],
      ['--context', ':4'],
    ],
    [
      ['status', '-o', ''],
      ['text', 'json', 'yaml', 'wide', 'name', ':4'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', ':4'],
    ],
    [['plan', '-f', ''], [':0']],
    [['--request-timeout', ''], [':4']],
    [['nothing', '--version', '--help', ''], expect.arrayContaining(['status'])],
  ])('completes %j to %j', async (words, expected) => {
    expect(values(await complete(...words))).toEqual(expected);
  });

  it('completes node names of the cluster that the options name, for each operand that is a node', async () => {
    await using fake = await api({ nodes: [node('node-10'), node('node-9'), node('other')] });
    const at = ['--kubeconfig', fake.kubeconfig];
    expect(await complete(...at, 'retry', 'node')).toEqual(['node-9', 'node-10', ':4']);
    expect(await complete(...at, 'retry', 'node-9', 'o')).toEqual(['other', ':4']);
    expect(await complete(...at, 'history', 'node-9', '')).toEqual([':4']);
    expect(await complete(...at, '--context', '')).toEqual(['here', ':4']);
  });

  it('prints no node and no error when the API server does not answer', async () => {
    await using fake = await api({ other: { '/api/v1/nodes': hangUp } });
    expect(await complete('--kubeconfig', fake.kubeconfig, 'retry', '')).toEqual([':4']);
    expect(await complete('retry', '')).toEqual([':4']);
    expect(await complete('--context', '')).toEqual([':4']);
  });
});

describe('completion', () => {
  it('prints a bash script that completes with the answer of __complete', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'completion-test-'));
    try {
      const { stdout: script } = await kubectlSysctls(['completion', 'bash']);
      writeFileSync(join(folder, 'script'), script);
      const program = join(folder, 'kubectl-sysctls');
      writeFileSync(program, '#!/bin/sh\nprintf "%s-%s\\tsaid\\n:4\\n" "$2" "$3"\n');
      chmodSync(program, 0o755);
      const asked = `source ${folder}/script; COMP_WORDS=(kubectl-sysctls retry no); COMP_CWORD=2; _kubectl_sysctls; echo "\${COMPREPLY[@]}"`;
      const options = { encoding: 'utf8', env: { PATH: `${folder}:/usr/bin:/bin` } } as const;
      expect(execFileSync('bash', ['--norc', '-c', asked], options)).toBe('retry-no\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['zsh', 'fish'])('prints a %s script that calls __complete', async (shell) => {
    expect(await kubectlSysctls(['completion', shell])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('kubectl-sysctls __complete'),
    });
  });

  it('says in its help how to complete kubectl sysctls', async () => {
    const { stdout } = await kubectlSysctls(['completion', '--help']);
    expect(stdout).toContain('kubectl_complete-sysctls');
  });

  it('exits with 2 for an unknown shell', async () => {
    expect(await kubectlSysctls(['completion', 'ksh'])).toMatchObject({ status: 2 });
  });
});

describe('the program', () => {
  it('prints its version', async () => {
    expect(await kubectlSysctls(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/u),
    });
  });

  it('ignores missing files of KUBECONFIG, and uses the first current context', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-test-'));
    try {
      const [first, second] = [join(folder, 'a'), join(folder, 'b')];
      writeFileSync(first, kubeconfigText('http://127.0.0.1:1'));
      writeFileSync(second, kubeconfigText('http://127.0.0.1:2').replaceAll('here', 'there'));
      const env = { KUBECONFIG: `${folder}/none:${first}:${second}` };
      const { stderr } = await kubectlSysctls(['status'], env);
      expect(stderr).toMatch(/127\.0\.0\.1:1 \(context here\)/u);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
