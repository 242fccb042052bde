import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { ChangedFileError } from '../../../agent/node/changed-file.ts';
import { NotRegularFileError } from '../../../agent/node/not-regular.ts';
import { temporaryRoot } from '../temporary-root.ts';

const noCommands = (): Promise<string> => Promise.reject(new Error('Expected no command on the host'));
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('hostFiles', () => {
  test('reads a missing file as undefined', async () => {
    const files = hostFiles(await temporaryRoot(), noCommands);

    expect(await files.read('/etc/default/kubelet')).toBeUndefined();
    expect(await files.read('/etc')).toBeUndefined();
  });

  test('creates a new file with its folders, its bytes and mode 0644, whatever the umask', async () => {
    const root = await temporaryRoot();
    const umask = process.umask(0o077);
    try {
      await hostFiles(root, noCommands).writeAtomic('/etc/default/kubelet', bytes('A=1\n'));
    } finally {
      process.umask(umask);
    }

    expect(await readFile(`${root}/etc/default/kubelet`, 'utf8')).toBe('A=1\n');
    expect((await stat(`${root}/etc/default/kubelet`)).mode & 0o7777).toBe(0o644);
  });

  test('creates missing folders with the same permissions as the file', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);

    await files.writeAtomic('/var/lib/agent/state.json', bytes('{}'), { mode: 0o600 });
    await files.writeAtomic('/etc/default/kubelet', bytes(''));

    expect((await stat(`${root}/var/lib/agent`)).mode & 0o777).toBe(0o700);
    expect((await stat(`${root}/etc/default`)).mode & 0o777).toBe(0o755);
  });

  test('creates no folder when the file needs one that exists', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);
    const write = files.writeAtomic('/etc/conf.d/a.conf', bytes(''), { needsFolder: true });

    await expect(write).rejects.toThrow('ENOENT');
    expect(await readdir(root)).toEqual([]);
  });

  test('names the path behind links, also where its last parts are missing', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);
    await symlink('/run/kubelet.env', `${root}/link`);

    expect(await files.realPath('/link')).toBe('/run/kubelet.env');
    expect(await files.realPath('/etc//default/../kubelet')).toBe('/etc/kubelet');
    expect(await files.realPath('/etc/default/kubelet')).toBe('/etc/default/kubelet');
  });

  test('replaces a file by a new inode with the same mode and leaves no temporary file', async () => {
    const root = await temporaryRoot();
    await writeFile(`${root}/kubelet`, 'old');
    await chmod(`${root}/kubelet`, 0o640);
    const before = await stat(`${root}/kubelet`);

    await hostFiles(root, noCommands).writeAtomic('/kubelet', bytes('new'));

    const after = await stat(`${root}/kubelet`);
    expect(await readFile(`${root}/kubelet`, 'utf8')).toBe('new');
    expect(after.mode & 0o7777).toBe(0o640);
    expect(after.ino).not.toBe(before.ino);
    expect(await readdir(root)).toEqual(['kubelet']);
  });

  test('writes a file with the requested mode, whatever mode it had', async () => {
    const root = await temporaryRoot();
    await writeFile(`${root}/state.json`, 'old');
    await chmod(`${root}/state.json`, 0o644);

    await hostFiles(root, noCommands).writeAtomic('/state.json', bytes('new'), { mode: 0o600 });

    expect((await stat(`${root}/state.json`)).mode & 0o7777).toBe(0o600);
  });

  test('keeps extended attributes when it replaces a file', async (context) => {
    const root = await temporaryRoot();
    await writeFile(`${root}/kubelet`, 'old');
    const python = (code: string): Promise<{ stdout: string }> =>
      execa('python3', ['-c', code, `${root}/kubelet`]);
    try {
      await python('import os,sys; os.setxattr(sys.argv[1], "user.note", b"kept")');
    } catch {
      context.skip('no python3, or a file system without extended attributes');
    }

    await hostFiles(root, noCommands).writeAtomic('/kubelet', bytes('new'));

    const { stdout } = await python('import os,sys; print(os.getxattr(sys.argv[1], "user.note").decode())');
    expect(stdout).toBe('kept');
  });

  test('replaces the target of a link and keeps the link', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/etc`);
    await writeFile(`${root}/etc/real`, 'old');
    await symlink('/etc/real', `${root}/etc/kubelet`);

    await hostFiles(root, noCommands).writeAtomic('/etc/kubelet', bytes('new'));

    expect(await readFile(`${root}/etc/real`, 'utf8')).toBe('new');
  });

  test.each([
    ['written', 'theirs', bytes('old')],
    ['made', 'theirs', undefined],
    ['removed', undefined, bytes('old')],
  ])(
    'writeAtomic does not overwrite a file that another party has %s since it was read',
    async (_how, found, content) => {
      const root = await temporaryRoot();
      if (found !== undefined) {
        await writeFile(`${root}/kubelet`, found);
      }
      const files = hostFiles(root, noCommands);
      const expected = { content };

      await expect(files.writeAtomic('/kubelet', bytes('new'), { expected })).rejects.toThrow(
        ChangedFileError,
      );

      expect(await readdir(root)).toEqual(found === undefined ? [] : ['kubelet']);
      expect(await files.read('/kubelet')).toEqual(found === undefined ? undefined : bytes(found));
    },
  );

  test('remove keeps a file that another party has written since it was read', async () => {
    const root = await temporaryRoot();
    await writeFile(`${root}/kubelet`, 'theirs');
    const files = hostFiles(root, noCommands);

    await expect(files.remove('/kubelet', { expected: { content: bytes('old') } })).rejects.toThrow(
      ChangedFileError,
    );

    expect(await readdir(root)).toEqual(['kubelet']);
  });

  test('writeAtomic replaces and remove deletes a file with the expected content', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);

    await files.writeAtomic('/kubelet', bytes('one'), { expected: { content: undefined } });
    await files.writeAtomic('/kubelet', bytes('two'), { expected: { content: bytes('one') } });
    expect(await readFile(`${root}/kubelet`, 'utf8')).toBe('two');

    expect(await files.remove('/kubelet', { expected: { content: bytes('two') } })).toBe(true);
    expect(await readdir(root)).toEqual([]);
  });

  test('writes a file although an interrupted write left a temporary file', async () => {
    const root = await temporaryRoot();
    await writeFile(`${root}/.kubelet.kubelet-sysctl-agent.tmp`, 'half');

    await hostFiles(root, noCommands).writeAtomic('/kubelet', bytes('whole'));

    expect(await readdir(root)).toEqual(['kubelet']);
  });

  test('overlapping writes of one file all succeed and leave the bytes of the last one', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);
    await symlink('state.json', `${root}/link`);
    for (let round = 0; round < 20; round += 1) {
      const writes = ['A', 'B', 'C', 'D'].map((letter) =>
        files.writeAtomic('/state.json', bytes(letter.repeat(100_000)), { mode: 0o600 }),
      );
      const byLink = files.writeAtomic('/link', bytes('L'), { mode: 0o600 });
      await Promise.all([...writes, byLink, files.tidy('/state.json')]);
      await files.writeAtomic('/state.json', bytes('E'), { mode: 0o600 });

      expect(await readFile(`${root}/state.json`, 'utf8')).toBe('E');
      expect((await readdir(root)).toSorted()).toEqual(['link', 'state.json']);
    }
  });

  test('a removal requested during a write removes the written file', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);
    const written = files.writeAtomic('/kubelet', bytes('new'));

    expect(await files.remove('/kubelet')).toBe(true);
    await written;

    expect(await readdir(root)).toEqual([]);
  });

  test('tidy removes only the temporary files that killed agents left beside a file', async () => {
    const root = await temporaryRoot();
    const others = ['.kubelet.env.kubelet-sysctl-agent.tmp', '.kubelet.swp', 'kubelet'];
    const left = ['tmp', 'a1b2c3d4e5f6', '4711'].map((end) => `.kubelet.kubelet-sysctl-agent.${end}`);
    for (const name of [...others, ...left]) {
      await writeFile(`${root}/${name}`, '');
    }

    await hostFiles(root, noCommands).tidy('/kubelet');
    await hostFiles(root, noCommands).tidy('/no/such/folder/kubelet');

    expect((await readdir(root)).toSorted()).toEqual(others);
  });

  test('tidy keeps the temporary file of a write in progress', async () => {
    const root = await temporaryRoot();
    const files = hostFiles(root, noCommands);

    const written = files.writeAtomic('/kubelet', bytes('new'));
    await Promise.all([files.tidy('/kubelet'), written]);

    expect(await readFile(`${root}/kubelet`, 'utf8')).toBe('new');
  });

  test('glob returns sorted paths of the host', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/conf.d/sub`, { recursive: true });
    for (const name of ['20.conf', '10.conf', 'note.txt', 'sub/30.conf']) {
      await writeFile(`${root}/conf.d/${name}`, '');
    }

    expect(await hostFiles(root, noCommands).glob('/conf.d/**/*.conf')).toEqual([
      '/conf.d/10.conf',
      '/conf.d/20.conf',
      '/conf.d/sub/30.conf',
    ]);
  });

  test('removing a missing file returns false', async () => {
    const root = await temporaryRoot();

    await hostFiles(root, noCommands).remove('/gone');

    expect(await readdir(root)).toEqual([]);
  });
});

describe('a path that is not a regular file', () => {
  /** Resolves with the reason to skip the test; undefined when there is none. */
  type Make = (path: string) => Promise<string | undefined>;
  const kinds: readonly { readonly found: string; readonly make: Make }[] = [
    {
      found: 'a directory',
      make: async (path) => {
        await mkdir(path);
        return undefined;
      },
    },
    {
      found: 'a FIFO',
      make: async (path) => void (await execa('mkfifo', [path])),
    },
    {
      found: 'a socket',
      make: async (path) => {
        const server = createServer().listen(path);
        await new Promise((resolve) => server.once('listening', resolve));
        onTestFinished(() => void server.close());
        return undefined;
      },
    },
    {
      found: 'a character device',
      make: async (path) => {
        const { failed } = await execa('mknod', [path, 'c', '1', '3'], { reject: false });
        return failed ? 'making a device takes root' : undefined;
      },
    },
  ];

  test.for(kinds)('read rejects $found without opening it', async ({ found, make }, context) => {
    const root = await temporaryRoot();
    const missing = await make(`${root}/kubelet`);
    context.skip(missing !== undefined, missing);

    const error = await hostFiles(root, noCommands).read('/kubelet').catch(String);

    expect(error).toBe(`NotRegularFileError: Expected /kubelet to be a regular file, got ${found}.`);
  });

  test.for(kinds)('writeAtomic and remove reject $found, also behind a link', async (kind, context) => {
    const root = await temporaryRoot();
    await mkdir(`${root}/dev`);
    const missing = await kind.make(`${root}/dev/thing`);
    context.skip(missing !== undefined, missing);
    await symlink('/dev/thing', `${root}/kubelet`);
    const before = await lstat(`${root}/dev/thing`);
    const files = hostFiles(root, noCommands);

    for (const path of ['/dev/thing', '/kubelet']) {
      for (const write of [
        () => files.writeAtomic(path, bytes('new')),
        () => files.writeAtomic(path, bytes('new'), { mode: 0o600 }),
        () => files.remove(path),
      ]) {
        await expect(write()).rejects.toThrow(NotRegularFileError);
      }
    }

    const after = await lstat(`${root}/dev/thing`);
    expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
    expect((await lstat(`${root}/kubelet`)).isSymbolicLink()).toBe(true);
    expect(await readdir(`${root}/dev`)).toEqual(['thing']);
  });

  test('only the null device counts as an empty file', async (context) => {
    const root = await temporaryRoot();
    const { failed } = await execa('mknod', [`${root}/null`, 'c', '1', '3'], { reject: false });
    context.skip(failed, 'making a device takes root');
    await execa('mknod', [`${root}/zero`, 'c', '1', '5']);
    await execa('mkfifo', [`${root}/fifo`]);
    await symlink('/null', `${root}/kubelet`);
    const emptiness = (path: string): Promise<unknown> =>
      hostFiles(root, noCommands)
        .read(path)
        .catch((error: unknown) => error instanceof NotRegularFileError && error.readsAsEmpty);

    expect(await Promise.all(['/kubelet', '/null', '/zero', '/fifo'].map(emptiness))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('reads a dangling link as undefined and creates its target on a write', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/etc`);
    await symlink('../var/lib/kubelet-defaults', `${root}/etc/kubelet`);
    const files = hostFiles(root, noCommands);

    expect(await files.read('/etc/kubelet')).toBeUndefined();
    await files.writeAtomic('/etc/kubelet', bytes('A=1\n'));

    expect(await readFile(`${root}/var/lib/kubelet-defaults`, 'utf8')).toBe('A=1\n');
    expect((await lstat(`${root}/etc/kubelet`)).isSymbolicLink()).toBe(true);
  });
});
