// Kubelets of two versions side by side, which know different sysctls.

import { describe, expect, it } from 'vitest';
import { freshNode } from './fresh.ts';
import { sysctlPod } from './pods.ts';
import type { TestNode } from './test-node.ts';

const BOTH = 'net.core.somaxconn';
/** Namespaced for kubelets from 1.37 on; an older one would never start with it. */
const NEW = 'user.max_user_namespaces';

describe.concurrent('the same list, with a name that only kubelet 1.37 knows', () => {
  it('is applied whole to kubelet 1.37.2', async () => {
    const node = await freshNode('n1');
    expect(await version(node)).toBe('Kubernetes v1.37.2');
    await refusedBefore(node);

    await node.setList([BOTH, NEW]);
    const report = await node.awaitDone([BOTH, NEW]);

    expect(report.drift).toBeUndefined();
    expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${BOTH},${NEW}`);
    await runsAfter(node);
  });

  it('is applied to kubelet 1.30.14 without that name, and the node says so', async () => {
    const node = await freshNode('n3');
    expect(await version(node)).toBe('Kubernetes v1.30.14');
    await refusedBefore(node);

    await node.setList([BOTH, NEW]);
    const report = await node.awaitDone([BOTH]);

    expect(report.desired).toBe(BOTH);
    expect(report.drift).toBe(`missing: ${NEW}`);
    expect(report.reason).toContain(`Not allowed here: ${NEW}`);
    expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${BOTH}`);
    await runsAfter(node);
  });
});

async function version(node: TestNode): Promise<string> {
  return (await node.exec(['/usr/bin/kubelet', '--version'])).stdout;
}

async function refusedBefore(node: TestNode): Promise<void> {
  const pod = await sysctlPod(node, { name: BOTH, value: '2048' });
  expect(await pod.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
  await pod.remove();
}

async function runsAfter(node: TestNode): Promise<void> {
  const pod = await sysctlPod(node, { name: BOTH, value: '2048' });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  expect(await pod.valueOf(BOTH)).toBe('2048');
  await pod.remove();
}
