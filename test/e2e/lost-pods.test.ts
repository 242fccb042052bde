// Pods that a restarted kubelet refuses for reasons of their own.

import { afterEach, expect, it } from 'vitest';
import { freshNode } from './fresh.ts';
import { type SysctlPod, sysctlPod } from './pods.ts';
import { clearPolicy, setKeys } from './policy.ts';
import { e2eWorld } from './world.ts';

const NODE = 'n1';
const NAME = 'net.core.somaxconn';
/** Needs no allowance. */
const SAFE = { name: 'net.ipv4.tcp_syncookies', value: '1' };
const LABEL = 'e2e-lost-pods';

const pods: SysctlPod[] = [];
afterEach(async () => {
  const world = await e2eWorld();
  await world.bed.kubectl(['label', 'node', NODE, `${LABEL}-`]);
  await Promise.all(pods.splice(0).map((pod) => pod.remove()));
  await clearPolicy(world);
});

it('a pod that ran and that the restarted kubelet refuses rolls the change back, and is named', async () => {
  const node = await freshNode(NODE);
  const { bed } = node.world;
  const before = await node.text();
  await bed.kubectl(['label', 'node', NODE, `${LABEL}=`]);
  const pod = await sysctlPod(node, SAFE, LABEL);
  pods.push(pod);
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  // A running pod does not mind that; a kubelet that starts does.
  await bed.kubectl(['label', 'node', NODE, `${LABEL}-`]);

  const own = { name: NODE, nodeSelector: { 'kubernetes.io/hostname': NODE }, allowedUnsafeSysctls: [NAME] };
  await setKeys(node.world, { nodeSoakSeconds: '12', profiles: JSON.stringify([own]) });
  const report = await node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');

  expect(report.reason).toContain(`the new kubelet refused a pod that ran: e2e/${pod.name}: NodeAffinity`);
  expect(report.reason).toContain('was rolled back');
  expect(await node.text()).toBe(before);
  expect((await node.kubelet()).argv.join(' ')).not.toContain('--allowed-unsafe-sysctls');
});
