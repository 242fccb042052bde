// A rollout over three nodes at the coordinator's pace, and one that meets a node on which the new list fails.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refuse, refuseNothing, useFaultyKubelet } from '../../../scripts/node/faulty-kubelet.ts';
import { since } from '../../../scripts/timeline/moments.ts';
import { mostUnavailable } from '../../../scripts/timeline/unavailable.ts';
import { policyEventsSoFar } from '../support/cluster/events.ts';
import {
  approvalsIn,
  type Fleet,
  fleetOf,
  lastOf,
  phasesIn,
  SOAK_SECONDS,
} from '../support/cluster/fleet.ts';
import { type SysctlPod, sysctlPod } from '../support/node/pods.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';

/** The first of the names goes first. */
const [CANARY, FAILS, LAST] = ['n1', 'n2', 'n4'] as const;
const USED = 'net.core.somaxconn';
const FIRST = [USED];
const REFUSED = [USED, 'net.core.wmem_max'];
const MENDED = [USED, 'net.ipv4.tcp_max_syn_backlog'];
/** A canary shows that it is Done a moment after it has noted when. */
const TOLD_LATE_MS = 1000;
/** A halt that did not hold would show within a fraction of it. */
const HALTED_MS = 2500;

describe('a rollout over three nodes', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await fleetOf([CANARY, FAILS, LAST]);
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  it('changes one canary, lets it soak, and then the others, never two at a time', async () => {
    const other = testNode(fleet.world, 'n3');
    const untouched = await other.kubelet();
    const told = await policyEventsSoFar(fleet.world);

    const from = await fleet.setList(FIRST);
    await fleet.awaitDone(FIRST, from);
    await fleet.awaitPhase('Done', from);
    const moments = since(fleet.recorder.moments, from);

    const revision = lastOf(moments, CANARY).appliedRevision ?? '';
    const approvals = approvalsIn(moments, revision);
    expect(approvals.map(({ node }) => node)).toEqual([CANARY, FAILS, LAST]);
    const proven = moments.find(
      (moment) =>
        moment.kind === 'node' &&
        moment.node === CANARY &&
        moment.state === 'Done' &&
        moment.appliedRevision === revision,
    );
    const soaked = (approvals[1]?.at ?? 0) - (proven?.at ?? Infinity);
    expect(soaked).toBeGreaterThan(SOAK_SECONDS * 1000 - TOLD_LATE_MS);
    expect(mostUnavailable(moments)).toHaveLength(1);
    // The coordinator sees who waits for a turn: nobody has to write it on a Node.
    expect(moments.filter((moment) => moment.kind === 'node' && moment.state === 'Pending')).toEqual([]);
    // A new phase is told 2 s after the last one at the earliest: a canary that is changed sooner shows its soak alone.
    expect(phasesIn(moments).slice(-3)).toEqual(['Soaking', 'Rolling', 'Done']);
    const flags = await Promise.all(fleet.nodes.map(async (node) => (await node.kubelet()).argv.at(-1)));
    expect(flags).toEqual(fleet.nodes.map(() => `--allowed-unsafe-sysctls=${USED}`));
    expect(await other.kubelet()).toEqual(untouched);
    const news = await told.more();
    expect(news.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['RolloutStarted', 'CanaryPassed', 'RolloutDone']),
    );
  });
});

describe('a rollout that meets a node on which the new list fails', () => {
  const pods: SysctlPod[] = [];
  let fleet: Fleet;
  let failing: TestNode;
  beforeAll(async () => {
    fleet = await fleetOf([CANARY, FAILS, LAST]);
    failing = testNode(fleet.world, FAILS);
    await useFaultyKubelet(failing);
    await refuse(failing, { names: REFUSED });
    const from = await fleet.setList(FIRST, { rollout: 'Immediate' });
    await fleet.awaitDone(FIRST, from);
    for (const node of fleet.nodes) pods.push(await sysctlPod(node, { name: USED, value: '4096' }));
    await Promise.all(pods.map((pod) => pod.settled()));
  });
  afterAll(async () => {
    await Promise.all(pods.map((pod) => pod.remove()));
    await refuseNothing(testNode(await e2eWorld(), FAILS));
    await fleet[Symbol.asyncDispose]();
  });

  it('halts, and the next edit mends it, the failed node first; meanwhile nobody loses a pod or a kubelet', async () => {
    expect(await kindsOf(pods)).toEqual(['running', 'running', 'running']);
    const lives = await Promise.all(pods.map((pod) => pod.life()));
    const last = testNode(fleet.world, LAST);
    const before = await last.kubelet();
    const told = await policyEventsSoFar(fleet.world);

    const failed = await fleet.setList(REFUSED);
    await fleet.awaitPhase('Halted', failed);
    await sleep(HALTED_MS);
    const halted = since(fleet.recorder.moments, failed);
    const refused = lastOf(halted, FAILS).desiredRevision ?? '';

    expect(approvalsIn(halted, refused).map(({ node }) => node)).toEqual([CANARY, FAILS]);
    expect(lastOf(halted, CANARY)).toMatchObject({ state: 'Done', appliedRevision: refused });
    expect(lastOf(halted, FAILS)).toMatchObject({
      state: 'Degraded',
      failedRevision: refused,
      running: USED,
      ready: true,
    });
    expect(lastOf(halted, LAST)).toMatchObject({ state: 'Done', running: USED });
    expect(await last.kubelet()).toEqual(before);
    expect(mostUnavailable(halted)).toHaveLength(1);
    expect(await told.more()).toContainEqual(
      expect.objectContaining({ reason: 'RolloutHalted', message: expect.stringContaining(FAILS) }),
    );

    const mended = await fleet.setList(MENDED);
    const moments = await fleet.awaitDone(MENDED, mended);
    await fleet.awaitPhase('Done', mended);

    const revision = lastOf(moments, LAST).appliedRevision ?? '';
    expect(approvalsIn(moments, revision).map(({ node }) => node)).toEqual([FAILS, CANARY, LAST]);
    expect(mostUnavailable(moments)).toHaveLength(1);
    expect(lastOf(moments, FAILS).failedRevision).toBeUndefined();
    expect(await Promise.all(pods.map((pod) => pod.life()))).toEqual(lives);
    expect(await kindsOf(pods)).toEqual(['running', 'running', 'running']);
  });
});

async function kindsOf(pods: readonly SysctlPod[]): Promise<readonly string[]> {
  return Promise.all(pods.map(async (pod) => (await pod.now()).kind));
}
