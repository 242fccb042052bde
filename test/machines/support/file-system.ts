// In which order the root file system's journal writes: data=ordered writes a file's data before its metadata, data=writeback whenever it likes.

import { expect } from 'vitest';
import type { TestNode } from '../../../scripts/node/test-node.ts';

export type JournalMode = 'data=ordered' | 'data=writeback';

const DISK = '/dev/nvme0n1';

/** Sets the mode, restarting the machine when it has another. */
export async function useJournalMode(node: TestNode, mode: JournalMode): Promise<void> {
  if ((await modeOf(node)) === mode) return;
  const option = mode === 'data=writeback' ? 'journal_data_writeback' : '^journal_data_writeback';
  await node.exec(['tune2fs', '-o', option, DISK]);
  await node.bedNode.reboot();
  expect(await modeOf(node)).toBe(mode);
}

async function modeOf({ bedNode }: TestNode): Promise<string | undefined> {
  const options = await bedNode.files.read(`/proc/fs/ext4/${DISK.replace('/dev/', '')}/options`);
  return options
    ?.toString()
    .split('\n')
    .find((option) => option.startsWith('data='));
}
