// A node's disk that is full or may only be read, one folder at a time.

import type { TestNode } from '../e2e/test-node.ts';

const PAGE = 4096;

export interface SmallDisk extends AsyncDisposable {
  /** Leaves room for so many pages of 4 KiB, which is what each small file takes. */
  fill(freePages: number): Promise<void>;
  free(): Promise<void>;
}

/** Puts the folder on a disk of `pages` pages, with the files that are in it. */
export async function smallDisk(node: TestNode, folder: string, pages: number): Promise<SmallDisk> {
  const copy = `/run/${folder.replaceAll('/', '-')}`;
  await node.exec(['cp', '--archive', '--no-target-directory', folder, copy]);
  const { stdout: mode } = await node.exec(['stat', '--format=%a', folder]);
  await node.exec([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    `size=${pages * PAGE},mode=${mode.trim()}`,
    'small',
    folder,
  ]);
  await node.exec(['cp', '--archive', `${copy}/.`, folder]);
  const filler = `${folder}/filler`;
  return {
    async fill(freePages) {
      await node.remove(filler);
      const { stdout } = await node.exec(['stat', '--file-system', '--format=%a', folder]);
      const count = Number(stdout) - freePages;
      if (count > 0) {
        await node.exec([
          'dd',
          'if=/dev/zero',
          `of=${filler}`,
          `bs=${PAGE}`,
          `count=${count}`,
          'status=none',
        ]);
      }
    },
    free: () => node.remove(filler),
    async [Symbol.asyncDispose]() {
      await node.remove(filler);
      await node.exec(['cp', '--archive', '--no-target-directory', folder, copy]);
      await node.exec(['umount', '--lazy', folder]);
      // What was written meanwhile, and what was removed.
      await node.exec(['find', folder, '-mindepth', '1', '-delete']);
      await node.exec(['cp', '--archive', `${copy}/.`, folder]);
      await node.exec(['rm', '--recursive', copy]);
    },
  };
}

/** Nothing below the folder can be written until it is disposed of. */
export async function readOnly(node: TestNode, folder: string): Promise<AsyncDisposable> {
  await node.exec(['mount', '--bind', folder, folder]);
  await node.exec(['mount', '-o', 'remount,bind,ro', folder]);
  return { [Symbol.asyncDispose]: async () => void (await node.exec(['umount', '--lazy', folder])) };
}
