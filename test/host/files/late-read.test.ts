// A read whose answer comes late: in a real process its threads and its event loop delay it.

import type * as FsPromises from 'node:fs/promises';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { ChangedFileError } from '../../../agent/node/changed-file.ts';
import { temporaryRoot } from '../temporary-root.ts';

/** Called after a file was read, before its reader gets the answer. */
let afterRead: (() => Promise<void>) | undefined;

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FsPromises>();
  return {
    ...fs,
    open: async (...args: Parameters<typeof fs.open>) => {
      const file = await fs.open(...args);
      const read = file.readFile.bind(file);
      return Object.assign(file, {
        readFile: async () => {
          const bytes = await read();
          await afterRead?.();
          return bytes;
        },
      });
    },
  };
});

afterEach(() => {
  afterRead = undefined;
});

const OLD = Buffer.from('A=1\n');

test('keeps what another party writes between the last read of the file and its answer', async () => {
  const root = await temporaryRoot();
  await writeFile(`${root}/kubelet`, OLD);
  afterRead = () => writeFile(`${root}/kubelet`, 'A=2\n');
  const files = hostFiles(root, () => Promise.reject(new Error('Expected no command on the host')));

  const written = files.writeAtomic('/kubelet', Buffer.from('B=1\n'), { expected: { content: OLD } });

  await expect(written).rejects.toThrow(ChangedFileError);
  expect(await readFile(`${root}/kubelet`, 'utf8')).toBe('A=2\n');
});

test('does not remove a file that another party writes between the last read of the file and its answer', async () => {
  const root = await temporaryRoot();
  await writeFile(`${root}/kubelet`, OLD);
  afterRead = () => writeFile(`${root}/kubelet`, 'A=2\n');
  const files = hostFiles(root, () => Promise.reject(new Error('Expected no command on the host')));

  await expect(files.remove('/kubelet', { expected: { content: OLD } })).rejects.toThrow(ChangedFileError);

  expect(await readFile(`${root}/kubelet`, 'utf8')).toBe('A=2\n');
});
