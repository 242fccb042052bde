// The product's main job on a virtual machine: Debian 13 with systemd 257, cgroup v2 and an AppArmor that enforces.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bed, startBed } from '../../scripts/bed/bed.ts';
import { whyNoVm } from '../../scripts/bed/build/host-packages.ts';
import { agentImage, demoAppImage } from '../../scripts/bed/images/images.ts';
import { consoleLog } from '../../scripts/bed/util/progress.ts';
import { installOn } from '../../scripts/install/install.ts';
import { connect } from '../../scripts/kubernetes/cluster.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import { setKeys } from '../../scripts/node/policy.ts';
import { testNode } from '../../scripts/node/test-node.ts';
import { sysctlPod } from '../e2e/support/node/pods.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
const log = consoleLog();
const why = whyNoVm();

describe.skipIf(why !== undefined)(`on a virtual machine ${why ?? ''}`, () => {
  let bed: Bed;

  beforeAll(async () => {
    const [agent, app] = [await agentImage(log), await demoAppImage(log)];
    bed = await startBed(
      {
        name: `vm-job-${process.pid}`,
        images: [agent, app],
        nodes: [{ name: 'v1', layout: 'deb-missing', machine: 'vm' }],
      },
      log,
    );
    await log.step('The agent on the virtual machine', () => installOn(bed, agent));
  });
  afterAll(() => bed.down());

  it('one edit of the ConfigMap lets a pod with the sysctl run', async () => {
    const node = testNode({ bed, cluster: connect({ kubeconfig: bed.kubeconfig }) }, 'v1');
    await setKeys(node.world, { nodeSoakSeconds: '1' });
    await node.awaitDone([]);
    const before = await node.kubelet();
    const refused = await sysctlPod(node, { name: NAME, value: '4096' });
    expect(await refused.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
    await refused.remove();

    await log.step(`From the edit to Done`, async () => {
      await node.setList([NAME]);
      await node.awaitDone([NAME]);
    });

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
    expect((await node.kubelet()).argv).toEqual([...before.argv, FLAG]);
    expect(await healthz(node.bedNode)).toContain('200 OK');
    const pod = await sysctlPod(node, { name: NAME, value: '4096' });
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    expect(await pod.valueOf(NAME)).toBe('4096');
    await pod.remove();
  });
});
