// A node that joins with the start-up taint, while a pod that needs the sysctl waits for it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { PENDING_TAINT } from '../../../agent/names.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { consoleLog, silent } from '../../../scripts/bed/util/progress.ts';
import type { Moment, NodeMoment } from '../../../scripts/timeline/moments.ts';
import { recordRollout } from '../../../scripts/timeline/recorder.ts';
import { closedWindow } from '../support/cluster/fleet.ts';
import { forgetKubeadm, joinByKubeadm, leave } from '../support/node/kubeadm.ts';
import { newNode } from '../../../scripts/matrix/nodes.ts';
import { type SysctlPod, sysctlPod } from '../support/node/pods.ts';
import { clearPolicy, setKeys, setList } from '../../../scripts/node/policy.ts';
import { testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';
import type { World } from '../../../scripts/node/world.ts';

const NAME = 'net.core.somaxconn';
const JOINED_WITHIN_MS = 60_000;
const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs/how-to/new-nodes.md');

describe('a pod is not scheduled to a node that joins with the taint before its kubelet allows what the pod needs', () => {
  let node = '';
  let pod: SysctlPod | undefined;
  afterEach(async () => {
    const world = await e2eWorld();
    await pod?.remove();
    await clearPolicy(world);
    await forgetKubeadm(world);
    if (world.bed.nodes.some(({ name }) => name === node)) await world.bed.removeNode(node);
  });

  /** Starts the join with `begin`, while the pod waits for the node. Resolves with what the node showed until its taint was removed. */
  async function freedWhenDone(world: World, begin: () => Promise<unknown>): Promise<readonly NodeMoment[]> {
    await setList(world, node, [NAME]);
    // Outside the windows other nodes wait, but not a joining node, on which no pod runs.
    await setKeys(world, { rollout: 'Coordinated', maxUnavailable: '1', windows: closedWindow() });
    await using recorder = await recordRollout(world.bed.kubeconfig);
    pod = await sysctlPod({ name: node, world }, { name: NAME, value: '4096' });

    await begin();
    await recorder.until('the taint to be gone', (all) => isFree(ofNode(all, node)), JOINED_WITHIN_MS);
    const moments = ofNode(recorder.moments, node);
    await testNode(world, node).awaitDone([NAME]);

    const free = moments.find(({ joining }) => joining !== true);
    expect(free).toMatchObject({ state: 'Done', running: NAME, appliedRevision: free?.desiredRevision });
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    expect(await pod.valueOf(NAME)).toBe('4096');
    return moments;
  }

  it('when its kubelet registers with the taint', async () => {
    node = 'joins';
    const world = await e2eWorld();
    const taints = [PENDING_TAINT];
    const spec = newNode({ name: node, layout: 'deb-missing', taints });
    const [first] = await freedWhenDone(world, () => world.bed.addNode(spec, silent));
    expect(first?.joining).toBe(true);
  });

  it('when kubeadm joins it with the configuration in docs/how-to/new-nodes.md', async () => {
    node = 'by-kubeadm';
    const world = await e2eWorld();
    const kubelet = DEFAULT_KUBERNETES_VERSION;
    const added = await world.bed.addNode({ name: node, layout: 'deb-missing', kubelet }, silent);
    await leave(world, added);
    let flags = '';
    const [first] = await freedWhenDone(world, async () => {
      flags = await joinByKubeadm(world, added, await registrationInPage(), consoleLog());
    });
    expect(first?.joining).toBe(true);
    expect(flags).toContain(`--register-with-taints=${PENDING_TAINT.key}:${PENDING_TAINT.effect}`);
  });
});

/** Returns `nodeRegistration` from the page's file for `kubeadm join`. */
async function registrationInPage(): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(PAGE, 'utf8');
  const [, block = ''] = /`kubeadm join --config`:\n\n```yaml\n(.*?)```/su.exec(text) ?? [];
  return objectAt(parse(block), 'nodeRegistration');
}

function ofNode(moments: readonly Moment[], node: string): readonly NodeMoment[] {
  return moments.filter((moment): moment is NodeMoment => moment.kind === 'node' && moment.node === node);
}

function isFree(moments: readonly NodeMoment[]): boolean {
  const last = moments.at(-1);
  return last !== undefined && last.joining !== true;
}
