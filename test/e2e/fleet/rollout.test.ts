// A coordinated rollout over three nodes, and one in which the new list fails on a node.

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

/** The first by name is the canary. */
const [CANARY, FAILS, LAST] = ['n1', 'n2', 'n4'] as const;
const USED = 'net.core.somaxconn';
const FIRST = [USED];
const REFUSED = [USED, 'net.core.wmem_max'];
const FIXED = [USED, 'net.ipv4.tcp_max_syn_backlog'];
/** A canary notes the time of Done a little before the Node shows it. */
const REPORT_DELAY_MS = 1000;
/** Long enough to see an approval after the halt. */
const HALTED_MS = 2500;

describe('a rollout over three nodes', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await fleetOf([CANARY, FAILS, LAST]);
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  it('changes one canary, lets it soak, then changes the others one at a time', async () => {
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
    expect(soaked).toBeGreaterThan(SOAK_SECONDS * 1000 - REPORT_DELAY_MS);
    expect(mostUnavailable(moments)).toHaveLength(1);
    // The coordinator sees which nodes wait, so no Node needs a Pending report.
    expect(moments.filter((moment) => moment.kind === 'node' && moment.state === 'Pending')).toEqual([]);
    // A new phase is published at the earliest 2 s after the last: a canary that changes sooner shows only its soak.
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

  it('halts, and the next edit completes, the failed node first, without losing a pod or a kubelet', async () => {
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

    const fixed = await fleet.setList(FIXED);
    const moments = await fleet.awaitDone(FIXED, fixed);
    await fleet.awaitPhase('Done', fixed);

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
