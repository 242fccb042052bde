// Pods that a restarted kubelet refuses for other reasons.

import { afterEach, expect, it } from 'vitest';
import { demoAppImage } from '../../../scripts/bed/images/images.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { ifThere } from '../../../scripts/kubernetes/cluster.ts';
import { nodeEvents } from '../support/cluster/events.ts';
import { freshNode } from '../support/node/fresh.ts';
import { type SysctlPod, sysctlPod } from '../support/node/pods.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import { testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';

const NODE = 'n1';
const NAME = 'net.core.somaxconn';
const UNSAFE = { name: NAME, value: '4096' };
/** Needs no allowance. */
const SAFE = { name: 'net.ipv4.tcp_syncookies', value: '1' };
const LABEL = 'e2e-lost-pods';

/** A static pod, as of a control plane: the kubelet reads it from a file and creates a mirror pod at the API server. */
const MANIFEST = '/etc/kubernetes/manifests/e2e-static.yaml';

const pods: SysctlPod[] = [];
afterEach(async () => {
  const world = await e2eWorld();
  await testNode(world, NODE).remove(MANIFEST);
  await world.bed.kubectl(['label', 'node', NODE, `${LABEL}-`]);
  await Promise.all(pods.splice(0).map((pod) => pod.remove()));
  await clearPolicy(world);
});

it('a change that only adds is kept when the restarted kubelet refuses a pod for its node label, and names the pod', async () => {
  const node = await freshNode(NODE);
  const { bed } = node.world;
  await bed.kubectl(['label', 'node', NODE, `${LABEL}=`]);
  const pod = await sysctlPod(node, SAFE, LABEL);
  pods.push(pod);
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  // This does not affect a running pod, but a starting kubelet refuses the pod.
  await bed.kubectl(['label', 'node', NODE, `${LABEL}-`]);

  const own = { name: NODE, nodeSelector: { 'kubernetes.io/hostname': NODE }, allowedUnsafeSysctls: [NAME] };
  await setKeys(node.world, { nodeSoakSeconds: '10', profiles: JSON.stringify([own]) });
  const report = await node.awaitDone([NAME]);

  expect(report.reason).toContain(`the restarted kubelet refused a pod that ran: e2e/${pod.name}`);
  const { invocationId } = await node.kubelet();
  expect((await nodeEvents(node, 'NodeDone')).join('\n')).toContain(pod.name);
  expect((await node.kubelet()).invocationId).toBe(invocationId);
});

it('pods that the kubelet refused before the change do not fail the change', async () => {
  const node = await freshNode(NODE);
  const { invocationId } = await node.kubelet();
  const refused = await Promise.all(Array.from({ length: 5 }, () => sysctlPod(node, UNSAFE)));
  pods.push(...refused);
  for (const pod of refused) {
    expect(await pod.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
  }

  const own = { name: NODE, nodeSelector: { 'kubernetes.io/hostname': NODE }, allowedUnsafeSysctls: [NAME] };
  await setKeys(node.world, { nodeSoakSeconds: '10', profiles: JSON.stringify([own]) });
  const report = await node.awaitReport(
    { what: 'be Done or Degraded' },
    ({ state, desired }) => desired === NAME && (state === 'Done' || state === 'Degraded'),
  );

  expect(report).toMatchObject({ state: 'Done', running: NAME });
  expect((await node.kubelet()).invocationId).not.toBe(invocationId);
});

it('a restarted kubelet admits a static pod again', async () => {
  const node = await freshNode(NODE);
  const { reference } = await demoAppImage(silent);
  const containers = [
    { name: 'app', image: reference, imagePullPolicy: 'IfNotPresent', command: ['sleep', 'infinity'] },
  ];
  const metadata = { name: 'e2e-static', namespace: 'default' };
  await node.write(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers, terminationGracePeriodSeconds: 0 },
    }),
    MANIFEST,
  );
  const container = async () => {
    const mirror = { namespace: 'default', name: `e2e-static-${NODE}` };
    const pod = await ifThere(node.world.cluster.core.readNamespacedPod(mirror));
    return pod?.status?.containerStatuses?.[0];
  };
  const { containerID } = await node.waitFor({ what: 'run the static pod' }, async () => {
    const found = await container();
    return found?.ready === true ? found : undefined;
  });

  const own = { name: NODE, nodeSelector: { 'kubernetes.io/hostname': NODE }, allowedUnsafeSysctls: [NAME] };
  await setKeys(node.world, { nodeSoakSeconds: '5', profiles: JSON.stringify([own]) });

  await node.awaitDone([NAME]);
  expect(await container()).toMatchObject({ containerID, restartCount: 0 });
});
