import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { resolveHostPath } from '../../../agent/host/files/paths.ts';
import { temporaryRoot } from '../temporary-root.ts';

describe('resolveHostPath', () => {
  test('resolves a link to an absolute path of the host below the root', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/etc/real`, { recursive: true });
    await writeFile(`${root}/etc/real/kubelet`, '');
    await symlink('/etc/real', `${root}/etc/default`);

    expect(await resolveHostPath(root, '/etc/default/kubelet')).toBe(`${root}/etc/real/kubelet`);
  });

  test('follows relative links and chains of links', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/a/b`, { recursive: true });
    await symlink('../c', `${root}/a/b/one`);
    await symlink('./d', `${root}/a/c`);

    expect(await resolveHostPath(root, '/a/b/one')).toBe(`${root}/a/d`);
  });

  test('never leaves the root through ..', async () => {
    const root = await temporaryRoot();

    expect(await resolveHostPath(root, '/../../etc/passwd')).toBe(`${root}/etc/passwd`);
  });

  test('resolves the path of a file that does not exist yet', async () => {
    const root = await temporaryRoot();

    expect(await resolveHostPath(root, '/etc/default/kubelet')).toBe(`${root}/etc/default/kubelet`);
  });

  test('throws for links that form a circle', async () => {
    const root = await temporaryRoot();
    await symlink('two', `${root}/one`);
    await symlink('one', `${root}/two`);

    await expect(resolveHostPath(root, '/one')).rejects.toThrow('symbolic links');
  });
});
