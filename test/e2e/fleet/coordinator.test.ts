// Coordinators that die or end, approvals of a wrong revision, and policies without approvals.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { INPUT_KEYS } from '../../../agent/names.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { type Moment, since } from '../../../scripts/timeline/moments.ts';
import { mostUnavailable } from '../../../scripts/timeline/unavailable.ts';
import { leaseHolder, readyCoordinators, signalLeader } from '../support/cluster/coordinators.ts';
import { approvalsIn, closedWindow, type Fleet, fleetOf, lastOf } from '../support/cluster/fleet.ts';
import { testNode } from '../../../scripts/node/test-node.ts';

const [ONE, TWO] = ['n1', 'n2'] as const;
const NAME = 'net.core.somaxconn';
const OTHER = 'net.ipv4.tcp_max_syn_backlog';
const NOT_THIS = '0123456789';
/** The standby checks the lease every 5 to 7 s; a lease that was not released is valid for 15 s. */
const AT_ONCE_MS = 10_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await fleetOf([ONE, TWO]);
});
afterAll(() => fleet[Symbol.asyncDispose]());

describe('a coordinator', () => {
  beforeEach(async () => {
    await readyCoordinators(fleet.world);
  });

  it('that is killed during a rollout is replaced by another, which finishes the rollout', async () => {
    const from = await fleet.setList([NAME]);
    await fleet.awaitPhase('Soaking', from);
    const killed = await signalLeader(fleet.world, 'SIGKILL');
    const moments = await fleet.awaitDone([NAME], from);

    const revision = lastOf(moments, TWO).appliedRevision ?? '';
    expect(approvalsIn(moments, revision).map(({ node }) => node)).toEqual([ONE, TWO]);
    expect(mostUnavailable(moments)).toHaveLength(1);
    expect(await leaseHolder(fleet.world)).not.toBe(killed);
    await fleet.awaitPhase('Done', from);
  });

  it('releases its lease on SIGTERM, so that another leads at once', async () => {
    const ended = await signalLeader(fleet.world, 'SIGTERM');
    const another = async (): Promise<boolean> => {
      const holder = await leaseHolder(fleet.world);
      return holder !== '' && holder !== ended;
    };
    expect(await until(another, { timeoutMs: AT_ONCE_MS, everyMs: 100 })).toBe(true);
  });
});

describe('a node that waits for its approval', () => {
  it('ignores and reports an approval of another revision, which the coordinator revokes', async () => {
    const node = testNode(fleet.world, ONE);
    const before = await node.kubelet();
    await fleet.setList([NAME, OTHER], { windows: closedWindow() });

    // Stopped, since it would revoke the approval before it is seen. The lease prevents another leader for 15 s.
    await signalLeader(fleet.world, 'SIGSTOP');
    const approve = ['annotate', 'node', ONE, `${INPUT_KEYS.approvedRevision}=${NOT_THIS}`, '--overwrite'];
    await fleet.world.bed.kubectl(approve);
    try {
      const { state } = await node.awaitReport(
        { what: 'report the wrong approval' },
        ({ reason }) => reason?.includes(NOT_THIS) === true,
      );
      expect(state).toBe('Pending');
    } finally {
      await signalLeader(fleet.world, 'SIGCONT');
    }
    const isRevoked = (moments: readonly Moment[]): boolean =>
      lastOf(moments, ONE).approvedRevision !== NOT_THIS;
    await fleet.recorder.until('the wrong approval to be revoked', isRevoked, AT_ONCE_MS);
    expect(await node.kubelet()).toEqual(before);
  });
});

describe('rollout: Immediate', () => {
  it('changes every node without an approval when a coordinator is installed', async () => {
    const from = await fleet.setList([OTHER], { rollout: 'Immediate' });
    const moments = await fleet.awaitDone([OTHER], from);

    const revision = lastOf(moments, ONE).appliedRevision ?? '';
    expect(approvalsIn(moments, revision)).toEqual([]);
    await fleet.awaitPhase('Done', from);
    expect(approvalsIn(since(fleet.recorder.moments, from), revision)).toEqual([]);
  });

  it('leaves no approval: after the earlier list returns, nodes change one after the other again', async () => {
    const from = await fleet.setList([NAME]);
    const moments = await fleet.awaitDone([NAME], from);

    const revision = lastOf(moments, ONE).appliedRevision ?? '';
    expect(approvalsIn(moments, revision).map(({ node }) => node)).toEqual([ONE, TWO]);
    expect(mostUnavailable(moments)).toHaveLength(1);
  });
});
