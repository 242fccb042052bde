import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle, PLUGIN_ENTRY } from '../../scripts/build.ts';

describe('the bundle', () => {
  let folder = '';
  let program = '';
  let text = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubelet-sysctls-build-'));
    program = join(folder, 'kubelet-sysctls.mjs');
    const content = await bundle();
    text = Buffer.from(content).toString();
    await writeFile(program, content, { mode: 0o755 });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('runs without node_modules', () => {
    const help = execFileSync(process.execPath, [program, '--help'], { cwd: folder, encoding: 'utf8' });
    expect(help).toContain('validate');
  });

  test('has no character beyond Latin-1, for which V8 would keep two bytes for each of its characters', () => {
    const beyond = text.match(/[^\0-\xff]/gu) ?? [];
    expect(beyond).toEqual([]);
  });

  test('keeps names and short lines, for readable stack traces', () => {
    expect(text).toContain('function verifyKubelet(');
    const longest = text.split('\n').toSorted((one, other) => other.length - one.length)[0] ?? '';
    expect(longest.length).toBeLessThan(2000);
  });
});

describe('the bundle of the kubectl plugin', () => {
  test('runs without node_modules', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-sysctls-build-'));
    try {
      const program = join(folder, 'kubectl-sysctls.mjs');
      await writeFile(program, await bundle(PLUGIN_ENTRY), { mode: 0o755 });
      const options = { cwd: folder, encoding: 'utf8' } as const;
      expect(execFileSync(process.execPath, [program, '--help'], options)).toContain('status');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
