// A node that joins with the start-up taint, while a pod that needs the sysctl waits for it.

import { afterAll, expect, it } from 'vitest';
import { PENDING_TAINT } from '../../agent/report/keys.ts';
import { silent } from '../bed/progress.ts';
import type { Moment, NodeMoment } from '../timeline/moments.ts';
import { recordRollout } from '../timeline/recorder.ts';
import { closedWindow } from './fleet.ts';
import { newNode } from './nodes.ts';
import { type SysctlPod, sysctlPod } from './pods.ts';
import { clearPolicy, setKeys, setList } from './policy.ts';
import { testNode } from './test-node.ts';
import { e2eWorld } from './world.ts';

const NODE = 'joins';
const NAME = 'net.core.somaxconn';
const JOINED_WITHIN_MS = 60_000;

let pod: SysctlPod | undefined;
afterAll(async () => {
  const world = await e2eWorld();
  await pod?.remove();
  await clearPolicy(world);
  if (world.bed.nodes.some(({ name }) => name === NODE)) await world.bed.removeNode(NODE);
});

it('a pod is not scheduled to a node that joins with the taint before its kubelet allows what the pod needs', async () => {
  const world = await e2eWorld();
  await setList(world, NODE, [NAME]);
  // What others wait for does not hold up a node on which nothing runs: outside the windows.
  await setKeys(world, { rollout: 'Coordinated', maxUnavailable: '1', windows: closedWindow() });
  await using recorder = await recordRollout(world.bed.kubeconfig);
  pod = await sysctlPod({ name: NODE, world }, { name: NAME, value: '4096' });

  await world.bed.addNode(newNode({ name: NODE, layout: 'deb-missing', taints: [PENDING_TAINT] }), silent);
  await recorder.until('the taint to be gone', isFree, JOINED_WITHIN_MS);
  const moments = ofNode(recorder.moments);
  const node = testNode(world, NODE);
  await node.awaitDone([NAME]);

  expect(moments[0]?.joining).toBe(true);
  const free = moments.find(({ joining }) => joining !== true);
  expect(free).toMatchObject({ state: 'Done', running: NAME, appliedRevision: free?.desiredRevision });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  expect(await pod.valueOf(NAME)).toBe('4096');
});

function ofNode(moments: readonly Moment[]): readonly NodeMoment[] {
  return moments.filter((moment): moment is NodeMoment => moment.kind === 'node' && moment.node === NODE);
}

function isFree(moments: readonly Moment[]): boolean {
  const last = ofNode(moments).at(-1);
  return last !== undefined && last.joining !== true;
}
