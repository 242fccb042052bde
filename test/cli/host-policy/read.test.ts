import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { withInUse } from '../../../agent/cli/host-policy/in-use.ts';
import { readHostPolicy } from '../../../agent/cli/host-policy/read.ts';
import { temporaryRoot } from '../../host/temporary-root.ts';

async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryRoot();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

describe('readHostPolicy', () => {
  it('returns the data of the ConfigMap in a file', async () => {
    const folder = await folderOf({
      'policy.yaml': 'apiVersion: v1\nkind: ConfigMap\ndata:\n  allowedUnsafeSysctls: |\n    kernel.sem\n',
    });
    const path = join(folder, 'policy.yaml');
    expect(await readHostPolicy(path)).toEqual({
      data: { allowedUnsafeSysctls: 'kernel.sem\n' },
      unreadable: undefined,
      files: [path],
    });
  });

  it('says in which line a file is no ConfigMap, what was expected and what was found', async () => {
    const folder = await folderOf({ 'policy.yaml': 'apiVersion: v1\nkind: Secret\n' });
    const path = join(folder, 'policy.yaml');
    expect((await readHostPolicy(path)).unreadable).toEqual({
      key: '',
      line: 2,
      message: expect.stringMatching(/policy\.yaml:2: Expected kind to be ConfigMap, got .*Secret/u),
    });
  });

  it('returns one key for each file of a folder, without dot files and folders', async () => {
    const folder = await folderOf({ allowedUnsafeSysctls: 'kernel.sem\n', inUse: 'Block', '.swp': 'x' });
    await mkdir(join(folder, 'lost+found'));
    expect(await readHostPolicy(folder)).toMatchObject({
      data: { allowedUnsafeSysctls: 'kernel.sem\n', inUse: 'Block' },
      unreadable: undefined,
    });
  });

  it.each<[string, (folder: string) => Promise<unknown>, string]>([
    ['a link to nothing', (folder) => symlink('none', join(folder, 'mode')), 'found a link to nothing'],
    ['a FIFO', (folder) => execa('mkfifo', [join(folder, 'mode')]), 'found something else'],
    [
      'bytes that are not UTF-8',
      (folder) => writeFile(join(folder, 'mode'), Buffer.from([0xff])),
      'not UTF-8',
    ],
    [
      'more than a ConfigMap holds',
      (folder) => writeFile(join(folder, 'mode'), Buffer.alloc(2 ** 20 + 1)),
      'bytes',
    ],
  ])('names the key whose file is %s', async (_title, make, found) => {
    const folder = await folderOf({ allowedUnsafeSysctls: 'kernel.sem' });
    await make(folder);
    expect((await readHostPolicy(folder)).unreadable).toEqual({
      key: 'mode',
      line: 1,
      message: expect.stringMatching(new RegExp(`Expected .*mode to be a file.*${found}`, 'u')),
    });
  });

  it('does not wait for a FIFO in place of the file', async () => {
    const folder = await temporaryRoot();
    await execa('mkfifo', [join(folder, 'policy.yaml')]);
    const { unreadable } = await readHostPolicy(join(folder, 'policy.yaml'));
    expect(unreadable?.message).toContain('found something else');
  });

  it('says that a path leads nowhere because of a loop of links', async () => {
    const folder = await temporaryRoot();
    await symlink('loop', join(folder, 'loop'));
    expect((await readHostPolicy(join(folder, 'loop'))).unreadable?.message).toContain('ELOOP');
  });
});

describe('withInUse', () => {
  it.each([
    ['puts the word of the option into a policy without one', undefined, 'Proceed'],
    ['replaces the word of the policy', 'Block', 'Proceed'],
    ['leaves a word that is not valid, which is an error of the policy', 'Blok', 'Blok'],
  ])('%s', (_title, own, expected) => {
    const data = own === undefined ? {} : { inUse: own };
    expect(withInUse(data, 'Proceed')).toEqual({ inUse: expected });
  });

  it('changes nothing without the option', () => {
    expect(withInUse({ inUse: 'Block' }, undefined)).toEqual({ inUse: 'Block' });
  });
});
