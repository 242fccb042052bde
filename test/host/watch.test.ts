import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { onTestFinished, describe, expect, test, vi } from 'vitest';
import { hostWatch } from '../../agent/host/watch.ts';
import type { HostWatch } from '../../agent/node/ports.ts';
import { temporaryRoot } from './temporary-root.ts';

function watching(root: string): { watch: HostWatch; seen: string[] } {
  const seen: string[] = [];
  const watch = hostWatch(root, (path) => seen.push(path));
  onTestFinished(() => watch.close());
  return { watch, seen };
}

describe('hostWatch', () => {
  test('tells of a file that is made, and of one that an editor renames into place', async () => {
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

  test('says nothing of other files in the same folder', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await writeFile(`${root}/other`, '');
    await writeFile(`${root}/kubelet`, '');
    await vi.waitFor(() => expect(seen).toContain('/kubelet'));

    expect(new Set(seen)).toEqual(new Set(['/kubelet']));
  });

  test('waits for a folder that is not there yet', async () => {
    const root = await temporaryRoot();
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/etc/sysconfig/kubelet']);

    await mkdir(`${root}/etc/sysconfig`, { recursive: true });

    await vi.waitFor(() => expect(seen).toContain('/etc/sysconfig/kubelet'));
  });

  test('tells of every entry of a folder that is asked for whole', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/conf.d`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/conf.d/']);

    await writeFile(`${root}/conf.d/any.conf`, '');

    await vi.waitFor(() => expect(seen).toContain('/conf.d/'));
  });

  test('watches the file that a link leads to', async () => {
    const root = await temporaryRoot();
    await mkdir(`${root}/real`);
    await writeFile(`${root}/real/file`, '');
    await symlink('/real/file', `${root}/kubelet`);
    const { watch, seen } = watching(root);
    await watch.watchPaths(['/kubelet']);

    await writeFile(`${root}/real/file`, 'edited');

    await vi.waitFor(() => expect(seen).toContain('/kubelet'));
  });

  test('of a link to a device tells of the link alone: everybody writes to the device', async () => {
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
