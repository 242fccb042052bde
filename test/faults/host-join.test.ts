// A node that kubeadm joins, with the one shot of the host before its kubelet.

import { expect, it, onTestFinished } from 'vitest';
import { DEFAULT_KUBERNETES_VERSION } from '../../scripts/bed/build/kubernetes.ts';
import { consoleLog, silent } from '../../scripts/bed/util/progress.ts';
import { clearPolicy, setList } from '../../scripts/node/policy.ts';
import { type TestNode, testNode } from '../../scripts/node/test-node.ts';
import { e2eWorld } from '../e2e/support/bed.ts';
import { editPolicy, installService, journalOf, listOf, ONE_SHOT } from '../e2e/support/node/host-service.ts';
import { forgetKubeadm, joinByKubeadm, leave } from '../e2e/support/node/kubeadm.ts';
import { LENGTH } from './support/length.ts';

const NODE = 'joins-host';
const NAME = 'kernel.sem';

it.runIf(LENGTH === 'long')(
  "a node that kubeadm joins starts its kubelet once, with the list, when the host's one shot is enabled",
  async () => {
    const world = await e2eWorld();
    onTestFinished(async () => {
      await clearPolicy(world);
      await forgetKubeadm(world);
      if (world.bed.nodes.some(({ name }) => name === NODE)) await world.bed.removeNode(NODE);
    });
    const spec = { name: NODE, layout: 'deb-missing', kubelet: DEFAULT_KUBERNETES_VERSION } as const;
    const added = await world.bed.addNode(spec, silent);
    const node = testNode(world, NODE);
    await leave(world, added);
    await installService(node);
    await editPolicy(node, [NAME]);
    await node.exec(['systemctl', 'enable', ONE_SHOT]);
    // A node that was set up and has not joined: its kubelet fails every ten seconds.
    await node.exec(['systemctl', 'start', 'kubelet']);
    await node.waitFor({ what: 'have a kubelet without a configuration' }, async () =>
      (await journalOf(node, 'kubelet')).includes('status=1/FAILURE') ? true : undefined,
    );
    expect(await node.text()).toBeUndefined();
    const starts = await startsOf(node);

    // The agent of the pod that comes then has nothing to do.
    await setList(world, NODE, [NAME]);
    await joinByKubeadm(world, added, {}, consoleLog());
    await world.bed.kubectl(['wait', '--for=create', `node/${NODE}`, '--timeout=60s']);
    await node.awaitDone([NAME]);

    expect(await startsOf(node)).toBe(starts + 1);
    expect(listOf(await node.kubelet())).toBe(NAME);
    expect(await journalOf(node, ONE_SHOT)).toContain(`${node.environmentFile} was written.`);
  },
);

async function startsOf(node: TestNode): Promise<number> {
  return [...(await journalOf(node, 'kubelet')).matchAll(/^Started kubelet/gmu)].length;
}
