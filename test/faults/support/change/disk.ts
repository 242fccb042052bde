// A node's disk that becomes full or may only be read, one folder at a time.

import { rmSync, writeFileSync } from 'node:fs';
import { asContainer } from '../../../../scripts/bed/bed.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';

/** More than an agent asks for before it begins a change. */
const BYTES = 4 * 2 ** 20;

export interface SmallDisk extends AsyncDisposable {
  /** In no time, so that a change that has begun meets it. */
  fill(): void;
  free(): void;
}

/** Puts the folder, with all that is in it, on a small disk of its own. What is in it in the end stays. */
export async function smallDisk(node: TestNode, folder: string): Promise<SmallDisk> {
  const copy = `/run/small${folder.replaceAll('/', '-')}`;
  const filler = `/proc/${asContainer(node.bedNode).leader}/root${folder}/filler`;
  const { stdout: mode } = await node.exec(['stat', '--format=%a', folder]);
  await node.exec(['mkdir', copy]);
  await node.exec(['mount', '-t', 'tmpfs', '-o', `size=${BYTES},mode=${mode.trim()}`, 'small', copy]);
  await node.exec(['cp', '--archive', `${folder}/.`, copy]);
  await node.exec(['mount', '--bind', copy, folder]);
  const free = (): void => rmSync(filler, { force: true });
  return {
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(BYTES));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    free,
    async [Symbol.asyncDispose]() {
      free();
      await node.exec(['umount', '--lazy', folder]);
      await node.exec(['find', folder, '-mindepth', '1', '-delete']);
      await node.exec(['cp', '--archive', `${copy}/.`, folder]);
      await node.exec(['umount', '--lazy', copy]);
      await node.exec(['rmdir', copy]);
    },
  };
}

export interface ReadOnly extends AsyncDisposable {
  lift(): Promise<void>;
}

/** Nothing below the folder can be written until that is lifted. */
export async function readOnly(node: TestNode, folder: string): Promise<ReadOnly> {
  await node.exec(['mount', '--bind', folder, folder]);
  await node.exec(['mount', '-o', 'remount,bind,ro', folder]);
  let lifted: Promise<unknown> | undefined;
  const lift = async (): Promise<void> => {
    lifted ??= node.exec(['umount', '--lazy', folder]);
    await lifted;
  };
  return { lift, [Symbol.asyncDispose]: lift };
}
