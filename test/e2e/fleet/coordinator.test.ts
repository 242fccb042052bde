// Coordinators that die or are told to end, approvals that do not fit, and none where the policy wants none.

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
/** The one that waits looks every 5 to 7 s; a lease that was not released holds for 15 s. */
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

  it('that is killed in the middle of a rollout is followed by another, which finishes it', async () => {
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

  it('that is told to end lets another one lead at once', async () => {
    const ended = await signalLeader(fleet.world, 'SIGTERM');
    const another = async (): Promise<boolean> => {
      const holder = await leaseHolder(fleet.world);
      return holder !== '' && holder !== ended;
    };
    expect(await until(another, { timeoutMs: AT_ONCE_MS, everyMs: 100 })).toBe(true);
  });
});

describe('a node that waits for its approval', () => {
  it('ignores one for a revision that it does not want, and says so; the coordinator takes it back', async () => {
    const node = testNode(fleet.world, ONE);
    const before = await node.kubelet();
    await fleet.setList([NAME, OTHER], { windows: closedWindow() });

    // It would take it back before anybody has seen it. Nobody else leads for 15 s.
    await signalLeader(fleet.world, 'SIGSTOP');
    const approve = ['annotate', 'node', ONE, `${INPUT_KEYS.approvedRevision}=${NOT_THIS}`, '--overwrite'];
    await fleet.world.bed.kubectl(approve);
    try {
      const { state } = await node.awaitReport(
        { what: 'tell of the wrong approval' },
        ({ reason }) => reason?.includes(NOT_THIS) === true,
      );
      expect(state).toBe('Pending');
    } finally {
      await signalLeader(fleet.world, 'SIGCONT');
    }
    const isTakenBack = (moments: readonly Moment[]): boolean =>
      lastOf(moments, ONE).approvedRevision !== NOT_THIS;
    await fleet.recorder.until('the wrong approval to be taken back', isTakenBack, AT_ONCE_MS);
    expect(await node.kubelet()).toEqual(before);
  });
});

describe('rollout: Immediate', () => {
  it('changes every node without an approval, also where a coordinator is installed', async () => {
    const from = await fleet.setList([OTHER], { rollout: 'Immediate' });
    const moments = await fleet.awaitDone([OTHER], from);

    const revision = lastOf(moments, ONE).appliedRevision ?? '';
    expect(approvalsIn(moments, revision)).toEqual([]);
    await fleet.awaitPhase('Done', from);
    expect(approvalsIn(since(fleet.recorder.moments, from), revision)).toEqual([]);
  });

  it('leaves no approval behind: with the list of before, one node goes after the other again', async () => {
    const from = await fleet.setList([NAME]);
    const moments = await fleet.awaitDone([NAME], from);

    const revision = lastOf(moments, ONE).appliedRevision ?? '';
    expect(approvalsIn(moments, revision).map(({ node }) => node)).toEqual([ONE, TWO]);
    expect(mostUnavailable(moments)).toHaveLength(1);
  });
});
