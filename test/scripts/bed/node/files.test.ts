import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../../scripts/bed/build/run.ts';
import { containerFiles } from '../../../../scripts/bed/node/container/container-files.ts';
import { vmFiles } from '../../../../scripts/bed/node/vm/vm-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), `a node's files-`));
});
afterEach(() => rm(folder, { recursive: true }));

/** Both act on this machine here: a container's directly, a virtual machine's by commands. */
const KINDS = [
  { kind: 'a container', files: containerFiles((path) => path) },
  {
    kind: 'a virtual machine',
    files: vmFiles({ exec: (argv, options) => run(argv, options), copyIn: (from, to) => copyFile(from, to) }),
  },
];

describe.each(KINDS)('the files of $kind', ({ files }) => {
  it('are read as they were written, to the byte', async () => {
    const path = join(folder, 'new', `it's "a" $file`);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from([0, 10, 0xc3, 0x28, 255, 10, 10]),
      Buffer.from('ü\n'),
    ]) {
      await files.write(path, bytes);
      expect((await files.read(path))?.equals(bytes)).toBe(true);
    }
    await files.write(path, 'text');
    expect(String(await files.read(path))).toBe('text');
  });

  it('keep their mode and inode when written in place, unless a mode is given', async () => {
    const path = join(folder, 'x');
    await files.write(path, '1', 0o4710);
    const before = await files.facts(path);
    expect(before).toMatchObject({ mode: 0o4710, uid: process.getuid?.(), gid: process.getgid?.() });
    await sleep(20);
    await files.write(path, '2');
    const after = await files.facts(path);
    expect(after).toEqual({ ...before, modifiedNs: after?.modifiedNs });
    expect(after?.modifiedNs).toBeGreaterThan(before?.modifiedNs ?? 0n);
  });

  it('that are not there are neither read nor listed, and can be removed', async () => {
    await files.write(join(folder, 'file'), '');
    for (const path of [join(folder, 'none'), join(folder, 'none/none'), join(folder, 'file/none')]) {
      expect(await files.read(path)).toBeUndefined();
      expect(await files.facts(path)).toBeUndefined();
      expect(await files.names(path)).toEqual([]);
      expect(await files.appears(path, 50)).toBe(false);
    }
    await files.remove(join(folder, 'none'));
  });

  it('are listed by name, copied in and removed with their folder', async () => {
    const names = ['.hidden', 'a name\nof two lines', 'x'];
    for (const name of names) await files.write(join(folder, 'in', name), name);
    await files.copyIn(join(folder, 'in', 'x'), join(folder, 'in', 'deep', 'copy'), 0o751);
    expect((await files.names(join(folder, 'in'))).toSorted()).toEqual([...names, 'deep'].toSorted());
    expect(String(await files.read(join(folder, 'in/deep/copy')))).toBe('x');
    expect((await files.facts(join(folder, 'in/deep/copy')))?.mode).toBe(0o751);
    await files.remove(join(folder, 'in'));
    expect(await files.names(folder)).toEqual([]);
  });

  it('are read through a symbolic link', async () => {
    await files.write(join(folder, 'real'), 'content', 0o600);
    await symlink('real', join(folder, 'link'));
    expect(String(await files.read(join(folder, 'link')))).toBe('content');
    expect(await files.facts(join(folder, 'link'))).toEqual(await files.facts(join(folder, 'real')));
  });

  it('that appear are noticed', async () => {
    const path = join(folder, 'late');
    const noticed = files.appears(path, 5000);
    await sleep(100);
    await files.write(path, '');
    expect(await noticed).toBe(true);
  });

  it('of a folder cannot be read as bytes', async () => {
    await expect(files.read(folder)).rejects.toThrow(/directory/iu);
  });
});
