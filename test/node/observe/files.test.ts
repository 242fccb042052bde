import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { readConfig, readEntry } from '../../../agent/node/observe/files.ts';
import { temporaryRoot } from '../../host/temporary-root.ts';

const noCommands = (): Promise<string> => Promise.reject(new Error('Expected no command on the host'));

describe('the folder of --config-dir', () => {
  test.each([
    ['/d', 'folder'],
    ['/d/', 'folder'],
    ['/empty', 'folder'],
    ['/empty/', 'folder'],
    ['/link/', 'folder'],
    ['/link', 'other'],
    ['/file', 'other'],
    ['/none', 'missing'],
    ['/none/', 'missing'],
    ['/dead', 'other'],
  ])('%s is seen as the kubelet walks it: %s', async (configDir, state) => {
    const root = await temporaryRoot();
    await mkdir(`${root}/d`);
    await mkdir(`${root}/empty`);
    await writeFile(`${root}/d/a.conf`, 'a: 1');
    await writeFile(`${root}/file`, '');
    await symlink('/d', `${root}/link`);
    await symlink('/nowhere', `${root}/dead`);

    const { folder } = await readConfig(hostFiles(root, noCommands), { config: undefined, configDir });
    expect(folder).toEqual({ path: configDir, state });
  });

  test('is absent without the flag', async () => {
    const files = hostFiles(await temporaryRoot(), noCommands);
    expect(await readConfig(files, { config: undefined, configDir: undefined })).toEqual({
      config: undefined,
      dropIns: [],
    });
  });
});

test('an environment file is read with the path behind its links, and with a folder that is missing', async () => {
  const root = await temporaryRoot();
  await mkdir(`${root}/etc/default`, { recursive: true });
  await symlink('/run/kubelet.env', `${root}/etc/default/kubelet`);
  const files = hostFiles(root, noCommands);
  const fileAt = async (path: string): Promise<unknown> =>
    (await readEntry(files, { path, optional: true })).map(({ file }) => file);
  const found = { optional: true, fromGlob: false, content: undefined };

  const path = '/etc/default/kubelet';
  expect(await fileAt(path)).toEqual([{ ...found, path, leadsTo: '/run/kubelet.env' }]);
  const none = '/etc/sysconfig/kubelet';
  expect(await fileAt(none)).toEqual([{ ...found, path: none, folderMissing: true }]);
  expect(await fileAt('/etc/default/other')).toEqual([{ ...found, path: '/etc/default/other' }]);
});
