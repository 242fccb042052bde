import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pack } from '../../../scripts/release/archive.ts';

const EPOCH = 1_700_000_000;

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'release-archive-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes a folder with the same files, in an order, with modes and with times of its own. */
async function folderOf(name: string, order: readonly string[], mode: number, time: number): Promise<string> {
  const folder = join(root, name);
  for (const path of order) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), path);
    await chmod(join(folder, path), path.includes('program') ? mode | 0o100 : mode);
    await utimes(join(folder, path), time, time);
  }
  return folder;
}

describe('an archive of a release', () => {
  const paths = ['b/program', 'a', 'B', 'b/z', 'b/a'];

  it.each(['x.tar', 'x.tar.gz', 'x.tgz'])(
    '%s has the same bytes whatever the order, the times and the umask with which its files were made',
    async (out) => {
      const folders = [
        await folderOf('one', paths, 0o600, 1),
        await folderOf('two', paths.toReversed(), 0o664, EPOCH + 5),
      ];
      const archives = folders.map((folder) => ({ folder, out: join(`${folder}-${out}`), epoch: EPOCH }));
      for (const archive of archives) await pack(archive);
      const [one, two] = await Promise.all(archives.map((archive) => readFile(archive.out)));
      expect(one?.equals(two ?? Buffer.of())).toBe(true);
    },
  );

  it('has sorted entries with one time, root as their owner, and modes that differ only for programs', async () => {
    const folder = await folderOf('one', paths, 0o600, 1);
    const out = join(root, 'x.tar.gz');
    await pack({ folder, out, epoch: EPOCH });
    const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file', out], {
      encoding: 'utf8',
    });
    const rows = listed
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/u));
    expect(rows.map(([mode, owner, , day, time, name]) => [mode, owner, `${day} ${time}`, name])).toEqual(
      [
        ['-rw-r--r--', 'B'],
        ['-rw-r--r--', 'a'],
        ['drwxr-xr-x', 'b/'],
        ['-rw-r--r--', 'b/a'],
        ['-rwxr-xr-x', 'b/program'],
        ['-rw-r--r--', 'b/z'],
      ].map(([mode, name]) => [mode, '0/0', '2023-11-14 22:13', name]),
    );
  });

  it('differs for another time', async () => {
    const folder = await folderOf('one', paths, 0o600, 1);
    const [one, two] = [join(root, 'one.tgz'), join(root, 'two.tgz')];
    await pack({ folder, out: one, epoch: EPOCH });
    await pack({ folder, out: two, epoch: EPOCH + 60 });
    expect((await readFile(one)).equals(await readFile(two))).toBe(false);
  });
});
