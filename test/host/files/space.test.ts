import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import type { HostFiles } from '../../../agent/node/ports.ts';
import { temporaryRoot } from '../temporary-root.ts';

const MIB = 1024 * 1024;

function filesBelow(root: string): HostFiles {
  return hostFiles(root, () => Promise.reject(new Error('Expected no command on the host')));
}

/** A file system of its own at `var` below a new root. */
async function rootWithVar(context: TestContext, options: string): Promise<string> {
  const root = await temporaryRoot();
  await mkdir(`${root}/var`);
  const { failed } = await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', `${root}/var`], {
    reject: false,
  });
  context.skip(failed, 'mounting takes root');
  onTestFinished(async () => {
    await execa('umount', ['--lazy', `${root}/var`]);
  });
  return root;
}

describe('shortage', () => {
  test('reports no shortage when the file system has room', async () => {
    const root = await temporaryRoot();
    await writeFile(`${root}/kubelet`, '');

    expect(await filesBelow(root).shortage('/kubelet', MIB)).toBeUndefined();
  });

  test('reports the mount and its free bytes for an existing file and for missing folders', async (context) => {
    const root = await rootWithVar(context, 'size=64k');
    await writeFile(`${root}/var/kubelet`, 'x'.repeat(16_384));
    const files = filesBelow(root);
    const short = { kind: 'bytes', mount: '/var', free: 49_152, needed: MIB };

    expect(await files.shortage('/var/kubelet', MIB)).toEqual(short);
    expect(await files.shortage('/var/lib/not/yet/kubelet', MIB)).toEqual(short);
    expect(await files.shortage('/var/kubelet', 49_152)).toBeUndefined();
    expect(await files.shortage('/etc/kubelet', MIB)).toBeUndefined();
  });

  test('reports the file system that a link leads to', async (context) => {
    const root = await rootWithVar(context, 'size=64k');
    await symlink('/var/kubelet', `${root}/kubelet`);

    expect(await filesBelow(root).shortage('/kubelet', MIB)).toMatchObject({ mount: '/var', free: 65_536 });
  });

  test('reports a file system without free inodes', async (context) => {
    const root = await rootWithVar(context, 'size=8m,nr_inodes=3');
    const files = filesBelow(root);
    await writeFile(`${root}/var/1`, '');
    expect(await files.shortage('/var/kubelet', MIB)).toBeUndefined();

    await writeFile(`${root}/var/2`, '');

    expect(await files.shortage('/var/kubelet', MIB)).toEqual({ kind: 'inodes', mount: '/var' });
  });

  test('reports a file system that is mounted read-only', async (context) => {
    const root = await rootWithVar(context, 'size=8m,ro');

    expect(await filesBelow(root).shortage('/var/kubelet', MIB)).toEqual({
      kind: 'read-only',
      mount: '/var',
    });
  });
});
