// The product's main job on a virtual machine: Debian 13 with systemd 257, cgroup v2 and an AppArmor that enforces.

import { expect, it } from 'vitest';
import { healthz } from '../../scripts/node/kubelet.ts';
import { sysctlPod } from '../e2e/support/node/pods.ts';
import { printTime } from './support/figures.ts';
import { FLAG, machineWith } from './support/node.ts';

const NAME = 'net.core.somaxconn';

it('on a virtual machine, one edit of the ConfigMap lets a pod with the sysctl run', async () => {
  const node = await machineWith([]);
  const [text = '', before] = [await node.text(), await node.kubelet()];
  const refused = await sysctlPod(node, { name: NAME, value: '4096' });
  expect(await refused.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
  await refused.remove();

  const begun = performance.now();
  await node.setList([NAME]);
  await node.awaitDone([NAME]);
  printTime('from the edit to Done', begun);

  expect(await node.text()).toBe(text.replace('--max-pods 60"', `--max-pods 60 ${FLAG}${NAME}"`));
  expect((await node.kubelet()).argv).toEqual([...before.argv, `${FLAG}${NAME}`]);
  expect(await healthz(node.bedNode)).toContain('200 OK');
  const pod = await sysctlPod(node, { name: NAME, value: '4096' });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  expect(await pod.valueOf(NAME)).toBe('4096');
  await pod.remove();
});
