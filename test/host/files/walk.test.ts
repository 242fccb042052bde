import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { temporaryRoot } from '../temporary-root.ts';

const noCommands = (): Promise<string> => Promise.reject(new Error('Expected no command on the host'));

test('finds hidden files and folders and linked files, and does not enter linked folders', async () => {
  const root = await temporaryRoot();
  for (const folder of ['conf.d/.hidden', 'conf.d/a', 'elsewhere']) {
    await mkdir(`${root}/${folder}`, { recursive: true });
  }
  for (const file of ['.conf', '.hidden/x.conf', 'a/x.conf', 'a.conf', 'note.txt']) {
    await writeFile(`${root}/conf.d/${file}`, '');
  }
  await writeFile(`${root}/elsewhere/y.conf`, '');
  await symlink('/elsewhere/y.conf', `${root}/conf.d/file.conf`);
  await symlink('/elsewhere', `${root}/conf.d/folder`);
  await symlink('/conf.d', `${root}/linked`);
  const files = hostFiles(root, noCommands);

  expect(await files.walk('/conf.d')).toEqual([
    '/conf.d/.conf',
    '/conf.d/.hidden/x.conf',
    '/conf.d/a/x.conf',
    '/conf.d/a.conf',
    '/conf.d/file.conf',
    '/conf.d/folder',
    '/conf.d/note.txt',
  ]);
  expect(await files.walk('/linked')).toEqual(['/linked']);
  expect(await files.walk('/linked/')).toContain('/linked/a.conf');
  expect(await files.walk('/none')).toEqual([]);
});
