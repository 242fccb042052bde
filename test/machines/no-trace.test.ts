// What stays on a virtual machine's disk.

import { expect, it } from 'vitest';
import { machine } from './support/node.ts';
import { leftAfterRestore } from './support/no-trace.ts';

it('on a virtual machine, mode: Restore leaves the disk as it was, with the security attributes of its files', async () => {
  expect(await leftAfterRestore(await machine(), ['net.core.somaxconn', 'net.core.wmem_max'])).toEqual([]);
});
