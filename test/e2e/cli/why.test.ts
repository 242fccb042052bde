// kubectl sysctls why, about a pod that a real kubelet refused.

import { afterEach, describe, expect, it } from 'vitest';
import type { WhyView } from '../../../agent/cli/kubectl/why/types.ts';
import { SAFE_SYSCTL, UNSAFE_SYSCTL } from '../../../scripts/kubernetes/names.ts';
import { clearPolicy } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { kubectlSysctls } from '../../cli/kubectl/run.ts';
import { e2eWorld } from '../support/bed.ts';
import { freshNode } from '../support/node/fresh.ts';
import { type SysctlPod, sysctlPod } from '../support/node/pods.ts';

const SYSCTL = { name: UNSAFE_SYSCTL, value: '4096' };

describe('kubectl sysctls why', () => {
  const pods: SysctlPod[] = [];
  afterEach(async () => {
    await Promise.all(pods.splice(0).map((pod) => pod.remove()));
    await clearPolicy(await e2eWorld());
  });

  it('explains a pod that the kubelet refused for SysctlForbidden, and the edit that it gives allows the pod', async () => {
    const node = await freshNode('n1');
    // A profile of its own, so that the edit concerns no other node. It restarts no kubelet.
    await node.setList([SAFE_SYSCTL]);
    await node.awaitDone([]);
    const refused = await sysctlPod(node, SYSCTL);
    pods.push(refused);
    expect(await refused.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });

    const { code, view } = await why(node, refused.name);
    expect(code).toBe(1);
    expect(view).toMatchObject({
      subject: { kind: 'Pod', pod: { reason: 'SysctlForbidden', node: node.name } },
      canRun: false,
      nodes: { now: [], no: [node.name] },
      edit: { key: 'profiles', profile: node.name, lines: [UNSAFE_SYSCTL] },
    });

    await node.setList([SAFE_SYSCTL, ...(view.edit?.lines ?? [])]);
    await node.awaitDone([UNSAFE_SYSCTL]);
    const taken = await sysctlPod(node, SYSCTL);
    pods.push(taken);
    expect(await taken.settled()).toMatchObject({ kind: 'running' });
    const after = await why(node, taken.name);
    expect(after.code).toBe(0);
    expect(after.view).toMatchObject({ canRun: true, nodes: { now: [node.name] } });
    expect(after.view.edit).toBeUndefined();
  });
});

async function why(node: TestNode, pod: string): Promise<{ readonly code: number; readonly view: WhyView }> {
  const where = ['--kubeconfig', node.world.bed.kubeconfig, '-n', 'e2e', '-o', 'json'];
  const { status, stdout, stderr } = await kubectlSysctls(['why', pod, ...where]);
  expect(stderr).toBe('');
  return { code: status, view: JSON.parse(stdout) };
}
