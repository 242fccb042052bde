import { watch as watchFolder } from 'node:fs';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished, describe, expect, test, vi } from 'vitest';
import { hostWatch } from '../../../agent/host/watch/watch.ts';
import type { HostWatch } from '../../../agent/node/ports.ts';
import { temporaryRoot } from '../temporary-root.ts';

function watching(root: string): { watch: HostWatch; seen: string[] } {
  const seen: string[] = [];
  const watch = hostWatch(root, (path) => seen.push(path));
  onTestFinished(() => watch.close());
  return { watch, seen };
}

describe('hostWatch', () => {
  test('reports a file that is created, and one that an editor renames into place', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await writeFile(`${root}/kubelet`, 'one');
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));

    seen.length = 0;
    await writeFile(`${root}/kubelet.swp`, 'two');
    await rename(`${root}/kubelet.swp`, `${root}/kubelet`);
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));
  });

  test('reports that a FIFO in the place of a file is removed, and the file that takes its place', async () => {
    const root = await temporaryRoot();
    await execa('mkfifo', [`${root}/kubelet`]);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await rm(`${root}/kubelet`);
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));

    seen.length = 0;
    await writeFile(`${root}/kubelet`, '');
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));
  });

  test('says nothing of other files in the same folder', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await writeFile(`${root}/other`, '');
    await writeFile(`${root}/kubelet`, '');
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));

    expect(new Set(seen)).toEqual(new Set(['/kubelet']));
  });

  test('reports a file whose folder is created later', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/etc/sysconfig/kubelet']);

    await mkdir(`${root}/etc/sysconfig`, { recursive: true });

    await vi.waitFor(() => expect(seen).toContain('/etc/sysconfig/kubelet'));
  });

  test('reports every entry of a path that ends in a slash', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/conf.d`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/conf.d/']);

    await writeFile(`${root}/conf.d/any.conf`, '');

    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
  });

  test('reports a change of the file that a link leads to', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/real`);
    await writeFile(`${root}/real/file`, '');
    await symlink('/real/file', `${root}/kubelet`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await writeFile(`${root}/real/file`, 'edited');

    await vi.waitFor(() => expect(seen).toContain('/kubelet'));
  });

  test('reports a change of a link to a device, but no write to the device', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/etc`);
    await mkdir(`${root}/dev`);
    await execa('mkfifo', [`${root}/dev/null`]);
    await symlink('/dev/null', `${root}/etc/kubelet`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/etc/kubelet', '/etc/other']);

    await utimes(`${root}/dev/null`, 1, 1);
    await writeFile(`${root}/etc/other`, '');
    await vi.waitFor(() => expect(seen).toContain('/etc/other'));
    expect(seen).not.toContain('/etc/kubelet');

    await rm(`${root}/etc/kubelet`);
    await vi.waitFor(() => expect(seen).toContain('/etc/kubelet'));
  });
});

describe('a watched folder that was replaced', () => {
  const paths = ['/etc/default/kubelet', '/etc/conf.d/'];
  const others: readonly { readonly what: string; readonly happens: (etc: string) => Promise<void> }[] = [
    {
      what: 'it was removed and created again',
      happens: async (etc) => {
        for (const folder of [`${etc}/default`, `${etc}/conf.d`]) {
          await rm(folder, { recursive: true });
          await mkdir(folder);
        }
      },
    },
    {
      what: 'another folder was renamed to its name',
      happens: async (etc) => {
        for (const folder of [`${etc}/default`, `${etc}/conf.d`]) {
          await mkdir(`${folder}.new`);
          await rename(folder, `${folder}.old`);
          await rename(`${folder}.new`, folder);
        }
      },
    },
    {
      what: 'its parent was replaced',
      happens: async (etc) => {
        await rename(etc, `${etc}.old`);
        await mkdir(`${etc}/default`, { recursive: true });
        await mkdir(`${etc}/conf.d`);
      },
    },
    {
      what: 'a link replaced its parent',
      happens: async (etc) => {
        await mkdir(`${etc}.2/default`, { recursive: true });
        await mkdir(`${etc}.2/conf.d`);
        await rename(etc, `${etc}.1`);
        await symlink(`${etc}.2`.slice(etc.lastIndexOf('/') + 1), etc);
      },
    },
  ];

  test.for(others)('is reported, and is watched again from the next call: $what', async ({ happens }) => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await mkdir(`${root}/etc/default`, { recursive: true });
    await mkdir(`${root}/etc/conf.d`);
    await watch.watchPaths(paths);

    await happens(`${root}/etc`);
    await vi.waitFor(() => expect(seen).toEqual(expect.arrayContaining(paths)));
    await watch.watchPaths(paths);
    await quiet(seen);
    await writeFile(`${root}/etc/default/kubelet`, '');
    await writeFile(`${root}/etc/conf.d/any`, '');

    await vi.waitFor(() => expect(seen).toEqual(expect.arrayContaining(paths)));
  });

  test('is reported and watched after its link was redirected', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await mkdir(`${root}/1`);
    await mkdir(`${root}/2`);
    await symlink('1', `${root}/conf.d`);
    await watch.watchPaths(['/conf.d/']);

    await symlink('2', `${root}/new`);
    await rename(`${root}/new`, `${root}/conf.d`);
    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
    await watch.watchPaths(['/conf.d/']);
    await quiet(seen);
    await writeFile(`${root}/2/any`, '');

    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
  });

  test('is reported when its watch begins, since earlier changes may have been missed', async (context) => {
    const root = await temporaryRoot();
    await mkdir(`${root}/conf.d`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/conf.d/']);
    // inotify does not report a mount.
    const { failed } = await execa('mount', ['-t', 'tmpfs', 'tmpfs', `${root}/conf.d`], { reject: false });
    context.skip(failed, 'mounting takes root');
    onTestFinished(async () => {
      await execa('umount', ['--lazy', `${root}/conf.d`]);
    });

    await watch.watchPaths(['/conf.d/']);

    expect(seen).toContain('/conf.d/');
    await quiet(seen);
    await watch.watchPaths(['/conf.d/']);
    await sleep(50);
    expect(seen).toEqual([]);
  });
});

describe('a path that ends in a slash', () => {
  test('is watched with all its subfolders, hidden and new ones included', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/conf.d/.hidden`, { recursive: true });
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/conf.d/']);

    await writeFile(`${root}/conf.d/.hidden/x.conf`, '');
    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));

    await mkdir(`${root}/conf.d/a/b`, { recursive: true });
    await watch.watchPaths(['/conf.d/']);
    await quiet(seen);
    await writeFile(`${root}/conf.d/a/b/x.conf`, '');
    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
  });
});

const exhausted = (code: string): Error =>
  Object.assign(new Error(`${code}: System limit for number of file watchers reached`), { code });

describe('a host without inotify', () => {
  test.for(['EMFILE', 'ENFILE', 'ENOSPC'])(
    'is polled, reports that once, and is watched as soon as inotify works again: %s',
    async (code) => {
      const root = await temporaryRoot();
      await mkdir(`${root}/etc/default`, { recursive: true });
      await mkdir(`${root}/conf.d/sub`, { recursive: true });
      const seen: string[] = [];
      const reasons: string[] = [];
      let works = false;
      const watch = hostWatch(root, (path) => seen.push(path), {
        onPolling: (why) => reasons.push(why),
        pollMs: 20,
        watch: (...args) => {
          if (!works) throw exhausted(code);
          return watchFolder(...args);
        },
      });
      onTestFinished(() => watch.close());
      const paths = ['/etc/default/kubelet', '/conf.d/'];
      await watch.watchPaths(paths);
      await watch.watchPaths(paths);
      expect(reasons).toEqual([expect.stringContaining(code)]);
      await quiet(seen);

      await writeFile(`${root}/etc/default/kubelet`, '');
      await vi.waitFor(() => expect(seen).toContain('/etc/default/kubelet'));
      await writeFile(`${root}/conf.d/sub/x.conf`, 'a');
      await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
      await quiet(seen);
      await writeFile(`${root}/conf.d/sub/x.conf`, 'b');
      await vi.waitFor(() => expect(seen).toContain('/conf.d/'));

      works = true;
      await watch.watchPaths(paths);
      await quiet(seen);
      await writeFile(`${root}/etc/default/kubelet`, 'b');
      await vi.waitFor(() => expect(seen).toContain('/etc/default/kubelet'));
      expect(reasons).toHaveLength(1);
    },
  );

  test.for(['max_inotify_watches', 'max_inotify_instances'])(
    'is polled when the kernel itself allows no more watches: %s',
    async (limit, context) => {
      const root = await temporaryRoot();
      const script = `
        import { writeFileSync } from 'node:fs';
        import { hostWatch } from './agent/host/watch/watch.ts';
        const [root] = process.argv.slice(1);
        const watch = hostWatch(root, (path) => { console.log(path); process.exit(); }, { onPolling: console.log, pollMs: 20 });
        await watch.watchPaths(['/kubelet']);
        writeFileSync(root + '/kubelet', '');
        setTimeout(() => {}, 10_000);
      `;
      // A new user namespace keeps the limits of this machine unchanged.
      const inNamespace = ['--user', '--map-root-user', 'sh', '-c'];
      const setLimit = `echo 0 > /proc/sys/user/${limit}`;
      const { failed } = await execa('unshare', [...inNamespace, setLimit], { reject: false });
      context.skip(failed, 'no user namespaces');

      const { stdout } = await execa(
        'unshare',
        [...inNamespace, `${setLimit}; exec node --input-type=module --eval "$0" "$1"`, script, root],
        { cwd: join(import.meta.dirname, '..', '..', '..'), preferLocal: true, timeout: 20_000 },
      );

      expect(stdout).toMatch(/^(EMFILE|ENOSPC): .*\n\/kubelet$/u);
    },
  );

  test('does not keep the process alive', async () => {
    const root = await temporaryRoot();
    const script = `
      import { hostWatch } from './agent/host/watch/watch.ts';
      const watch = hostWatch(process.argv[1], () => {}, { onPolling() {}, watch() { throw new Error('EMFILE'); } });
      await watch.watchPaths(['/kubelet']);
    `;

    const ended = execa('node', ['--input-type=module', '--eval', script, root], {
      cwd: join(import.meta.dirname, '..', '..', '..'),
      preferLocal: true,
      timeout: 20_000,
    });

    await expect(ended).resolves.toMatchObject({ exitCode: 0 });
  });
});

/** Waits until no report arrives for a while, and clears the earlier ones. */
async function quiet(seen: string[]): Promise<void> {
  do {
    seen.length = 0;
    await sleep(60);
  } while (seen.length > 0);
}
