// A pod on a virtual machine uses an allowance that is to be removed.

import { expect, it } from 'vitest';
import { sysctlPod } from '../e2e/support/node/pods.ts';
import { FLAG, machineWith } from './support/node.ts';

const USED = 'net.core.somaxconn';
const STAYS = 'net.ipv4.tcp_max_syn_backlog';

it('on a virtual machine, a pod keeps the sysctl that the policy drops; the node names it, and changes when it is gone', async () => {
  const node = await machineWith([USED, STAYS]);
  const pod = await sysctlPod(node, { name: USED, value: '4096' });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  const [text = '', kubelet] = [await node.text(), await node.kubelet()];

  await node.setList([STAYS]);
  const report = await node.awaitReport(
    { what: 'be Blocked' },
    ({ state, desired }) => state === 'Blocked' && desired === STAYS,
  );
  expect(report).toMatchObject({ running: `${USED},${STAYS}`, stateLabel: 'Blocked' });
  expect(report.reason).toContain(`e2e/${pod.name}: ${USED}`);
  expect(await node.text()).toBe(text);
  expect(await node.kubelet()).toEqual(kubelet);
  expect(await pod.valueOf(USED)).toBe('4096');

  await pod.remove();
  await node.awaitDone([STAYS]);
  expect(await node.text()).toBe(text.replace(`${FLAG}${USED},${STAYS}`, `${FLAG}${STAYS}`));
  expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + STAYS);
});
