import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { hostProcesses } from '../../agent/host/processes.ts';
import { temporaryRoot } from './temporary-root.ts';

test('runs a kubelet binary for its version once, and again after it was replaced', async () => {
  const root = await temporaryRoot();
  const asked: (readonly string[])[] = [];
  const processes = hostProcesses(root, async (argv) => {
    asked.push(argv);
    return 'Kubernetes v1.37.2';
  });
  await writeFile(`${root}/kubelet`, 'one');

  await processes.kubeletVersion('/kubelet', ['--allowed-unsafe-sysctls=net.core.somaxconn']);
  await processes.kubeletVersion('/kubelet', ['--allowed-unsafe-sysctls=net.core.somaxconn']);
  expect(asked).toEqual([['/kubelet', '--allowed-unsafe-sysctls=net.core.somaxconn', '--version']]);

  await writeFile(`${root}/kubelet`, 'another');
  await processes.kubeletVersion('/kubelet', ['--allowed-unsafe-sysctls=net.core.somaxconn']);
  expect(asked).toHaveLength(2);
});

test('returns undefined as the argv of a process that has ended', async () => {
  const processes = hostProcesses('', () => Promise.reject(new Error('no commands')));

  expect(await processes.argv(process.pid)).toContain(process.argv[0]);
  expect(await processes.argv(2 ** 22 + 1)).toBeUndefined();
});
