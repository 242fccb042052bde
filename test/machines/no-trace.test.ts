// What a change waits for, what a hand edit does, and what stays on the disk.

import { expect, it } from 'vitest';
import { setKeys } from '../../scripts/node/policy.ts';
import { sysctlPod } from '../e2e/support/node/pods.ts';
import { printTime } from './support/figures.ts';
import { FLAG, machine, machineWith } from './support/node.ts';
import { leftAfterRestore } from './support/no-trace.ts';

const NAME = 'net.core.somaxconn';
const MORE = 'net.core.wmem_max';

it('on a virtual machine, a pod that uses an allowance keeps running when the policy drops it, and the change waits for its end', async () => {
  const node = await machineWith([NAME, MORE]);
  const pod = await sysctlPod(node, { name: NAME, value: '4096' });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  const [text, { argv }] = [await node.text(), await node.kubelet()];

  await node.setList([MORE]);
  const { reason } = await node.awaitReport(
    { what: 'be Blocked by the pod' },
    ({ state, desired, reason: why = '' }) =>
      state === 'Blocked' && desired === MORE && why.includes(`e2e/${pod.name}: ${NAME}`),
  );
  expect(reason).toContain(pod.name);
  expect(await node.text()).toBe(text);
  expect((await node.kubelet()).argv).toEqual(argv);
  expect(await pod.valueOf(NAME)).toBe('4096');

  await pod.remove();
  const begun = performance.now();
  await node.awaitDone([MORE]);
  printTime('from the end of the pod to Done', begun);
});

it('on a virtual machine, a hand edit that takes the list out is healed', async () => {
  const node = await machineWith([NAME]);
  await setKeys(node.world, { nodeSoakSeconds: '1' });
  const text = (await node.text()) ?? '';
  const begun = performance.now();
  await node.write(text.replace(` ${FLAG}${NAME}`, ''));
  await node.waitFor({ what: 'have its list again' }, async () =>
    (await node.text()) === text ? true : undefined,
  );
  printTime('from the hand edit to the list in the file', begun);
  await node.awaitDone([NAME]);
  expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + NAME);
});

it('on a virtual machine, mode: Restore leaves the disk as it was, with the security attributes of its files', async () => {
  expect(await leftAfterRestore(await machine(), [NAME, MORE])).toEqual([]);
});
