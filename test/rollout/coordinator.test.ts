import { afterEach, describe, expect, it } from 'vitest';
import { createCoordinator, type Coordinator, type Decide } from '../../agent/rollout/coordinator.ts';
import type { RolloutDecision } from '../../agent/rollout/fleet.ts';
import { decision, verdict } from './decisions.ts';
import { FakeTime } from './fake-clock.ts';
import { FakeFleet } from './fake-fleet.ts';
import type { ConfigMapObject } from '../../agent/policy/config-map.ts';

const REVISION = 'aaaaaaaaaa';
const policy = (resourceVersion: string, data: Record<string, string>): ConfigMapObject => ({
  namespace: 'agents',
  name: 'kubelet-sysctls',
  uid: 'u',
  resourceVersion,
  data,
});
const VALID = policy('1', { allowedUnsafeSysctls: 'net.core.somaxconn' });

/** Approves every Pending node without an approval, with a valid policy. */
const approveAll: Decide = (nodes, { policy: valid, errors }) => {
  const pending = nodes.filter(({ state, approvedRevision }) => state === 'Pending' && !approvedRevision);
  const approvals = valid ? pending.map(({ name }) => ({ node: name, revision: REVISION })) : [];
  const verdicts = nodes.map((node) =>
    verdict(node.name, node.state === 'Done' ? 'done' : node.approvedRevision ? 'changing' : 'waiting'),
  );
  const isDone = verdicts.every(({ standing }) => standing === 'done');
  return decision({
    approvals,
    nodes: verdicts,
    phase: valid ? (isDone ? 'Done' : 'Rolling') : 'Waiting',
    reason: errors[0]?.message ?? 'Because.',
  });
};

const running: Coordinator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((coordinator) => coordinator.stop()));
});

interface Scene {
  readonly fleet: FakeFleet;
  readonly time: FakeTime;
  readonly coordinator: Coordinator;
  /** One for each decision. */
  readonly decisions: RolloutDecision[];
  readonly leader: { leads: boolean };
}

function scene(decide: Decide = approveAll, fleet = new FakeFleet()): Scene {
  const time = new FakeTime();
  const leader = { leads: true };
  const decisions: RolloutDecision[] = [];
  const coordinator = createCoordinator(
    {
      cluster: fleet,
      clock: time.clock(),
      log: { info: () => undefined, warn: () => undefined },
      decide: (...given) => {
        const made = decide(...given);
        decisions.push(made);
        return made;
      },
      isLeading: () => leader.leads,
    },
    { namespace: 'agents', name: 'kubelet-sysctls' },
  );
  running.push(coordinator);
  return { fleet, time, coordinator, decisions, leader };
}

/** A coordinator that has just received one Pending node and a valid policy. */
function oneNode(): Scene {
  const made = scene();
  made.fleet.put('a');
  made.coordinator.onList(made.fleet.nodes);
  made.coordinator.setConfigMap(VALID);
  return made;
}

describe('a coordinator', () => {
  it('decides when the Nodes and the ConfigMap are both known, and writes the decision', async () => {
    const { fleet, time, coordinator, decisions } = scene();
    fleet.put('a');
    fleet.put('b');
    coordinator.onList(fleet.nodes);
    await time.pass(5000);
    expect(decisions).toEqual([]);
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes).toEqual([`a approved ${REVISION}`, `b approved ${REVISION}`]);
  });

  it('writes nothing when nothing differs, and uses the answers to its own writes', async () => {
    const { fleet, time, decisions } = oneNode();
    await time.pass(10_000);
    const made = decisions.length;
    await time.pass(3_600_000, undefined, 10_000);
    expect(fleet.writes.length).toBe(1);
    expect(fleet.statuses.length).toBeLessThanOrEqual(2);
    expect(decisions.length - made).toBeLessThanOrEqual(6);
  });

  it('ignores a late watch event from before its own write', async () => {
    const { fleet, time, coordinator } = scene();
    const before = fleet.put('a');
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(1000);
    coordinator.onChanged(before);
    await time.pass(5000);
    expect(fleet.writes.length).toBe(1);
  });

  it('accepts a list with lower versions and writes the status again after an etcd restore', async () => {
    const { fleet, time, coordinator, decisions } = oneNode();
    await time.pass(5000);
    coordinator.onChanged(fleet.put('a', { state: 'Done' }));
    await time.pass(10_000);
    const written = fleet.statuses.length;
    fleet.restore(5);
    fleet.status = { resourceVersion: '3', data: { phase: 'Waiting' } };
    const before = fleet.put('a', { state: 'Done' });
    coordinator.onListing();
    coordinator.onList(fleet.nodes);
    await time.pass(10_000);
    expect(before.resourceVersion).toBe('6');
    expect(fleet.status.data).toMatchObject({ phase: 'Done' });
    expect(fleet.statuses.length).toBe(written + 1);
    fleet.put('a', { state: 'Pending', approvedRevision: undefined });
    coordinator.onListing();
    coordinator.onList(fleet.nodes);
    await time.pass(10_000);
    expect(decisions.at(-1)?.nodes).toMatchObject([{ standing: 'changing' }]);
    expect(fleet.writes).toEqual([`a approved ${REVISION}`, `a approved ${REVISION}`]);
  });

  it('decides once for many changes in a short time', async () => {
    const { fleet, time, coordinator, decisions } = scene();
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(10_000);
    const made = decisions.length;
    for (let index = 0; index < 500; index += 1)
      coordinator.onChanged(fleet.put(`n${index}`, { state: 'Done' }));
    await time.pass(1000);
    expect(decisions.length - made).toBe(1);
  });

  it('does not decide after a heartbeat of a kubelet', async () => {
    const { fleet, time, coordinator, decisions } = scene();
    fleet.put('a', { state: 'Done' });
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    const made = decisions.length;
    coordinator.onChanged(fleet.put('a'));
    await time.pass(5000);
    expect(decisions.length).toBe(made);
  });

  it('decides again at nextWakeup without an event', async () => {
    const { time, coordinator, decisions, fleet } = scene((_nodes, _policy, now) => {
      const nextWakeup = new Date('2026-11-24T10:01:00Z');
      return decision({ nextWakeup: now < nextWakeup ? nextWakeup : undefined });
    });
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(50_000);
    const made = decisions.length;
    await time.pass(11_000);
    expect(decisions.length).toBe(made + 1);
  });

  it('passes the time at which it read each edit to the decision', async () => {
    const given: (number | undefined)[] = [];
    const { fleet, time, coordinator } = scene((_nodes, { readAt }, now) => {
      given.push(readAt && Math.round((now.getTime() - readAt.getTime()) / 1000));
      return decision({});
    });
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(1000);
    coordinator.setConfigMap(policy('2', { allowedUnsafeSysctls: 'kernel.sem' }));
    await time.pass(1000);
    expect(given).toEqual([0, 0]);
  });

  it('decides again after a decision threw', async () => {
    let calls = 0;
    const { fleet, time, coordinator } = scene((...given) => {
      calls += 1;
      if (calls < 3) throw new Error('a fault');
      return approveAll(...given);
    });
    fleet.put('a');
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes.length).toBe(1);
  });
});

describe('the writes of the coordinator', () => {
  it('writes revocations first, then approvals, then taints', async () => {
    const { fleet, time, coordinator } = scene((nodes) =>
      nodes.some(({ name, approvedRevision }) => name === 'a' && approvedRevision === undefined)
        ? decision({
            approvals: [
              { node: 'a', revision: REVISION },
              { node: 'b', revision: undefined },
            ],
            untaint: ['c'],
          })
        : decision(),
    );
    fleet.put('a');
    fleet.put('b', { approvedRevision: REVISION });
    fleet.put('c', { joining: true });
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(1000);
    expect(fleet.writes).toEqual(['b withdrawn', `a approved ${REVISION}`, 'c untainted']);
  });

  it('approves no other node when a node began before its revocation', async () => {
    const { fleet, time, coordinator } = scene((nodes) => {
      const early = nodes.some(({ name, state }) => name === 'a' && state === 'Working');
      const approvals = [
        { node: 'a', revision: undefined },
        { node: 'b', revision: REVISION },
      ];
      return decision({ approvals: early ? [] : approvals });
    });
    fleet.put('a', { approvedRevision: REVISION });
    fleet.put('b');
    coordinator.onList(new Map(fleet.nodes));
    const began = fleet.put('a', { state: 'Working' });
    coordinator.setConfigMap(VALID);
    await time.pass(100);
    coordinator.onChanged(began);
    await time.pass(5000);
    expect(fleet.writes).toEqual([]);
  });

  it('approves no other node while a revocation fails', async () => {
    const { fleet, time, coordinator } = scene((nodes) => {
      const revoke = nodes.some(
        ({ name, approvedRevision }) => name === 'a' && approvedRevision !== undefined,
      );
      const approvals = [{ node: 'b', revision: REVISION }];
      const isWritten = nodes.some(({ name, approvedRevision }) => name === 'b' && approvedRevision);
      if (revoke) return decision({ approvals: [{ node: 'a', revision: undefined }, ...approvals] });
      return decision({ approvals: isWritten ? [] : approvals });
    });
    fleet.put('a', { approvedRevision: REVISION });
    fleet.put('b');
    fleet.onWrite = (name) => {
      if (name === 'a') throw new Error('no answer');
    };
    coordinator.onList(new Map(fleet.nodes));
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes).toEqual([]);
    fleet.onWrite = () => undefined;
    await time.pass(31_000);
    expect(fleet.writes).toEqual(['a withdrawn', `b approved ${REVISION}`]);
  });

  it('keeps the slot of an approval without an answer, and sends it again until it is answered', async () => {
    let first = 'a';
    const { fleet, time, coordinator } = scene((nodes) => {
      const isTaken = nodes.some(({ approvedRevision }) => approvedRevision === REVISION);
      return decision({ approvals: isTaken ? [] : [{ node: first, revision: REVISION }] });
    });
    fleet.put('a');
    fleet.put('b');
    const tried: string[] = [];
    fleet.onWrite = (name) => {
      tried.push(name);
      throw new Error('no answer');
    };
    coordinator.onList(new Map(fleet.nodes));
    coordinator.setConfigMap(VALID);
    await time.pass(400);
    first = 'b';
    await time.pass(5000);
    expect(new Set(tried)).toEqual(new Set(['a']));
    fleet.onWrite = () => undefined;
    await time.pass(31_000);
    expect(fleet.writes).toEqual([`a approved ${REVISION}`]);
    await time.pass(31_000);
    expect(fleet.writes.length).toBe(1);
  });

  it('treats an approval that the API server refused as not written', async () => {
    let first = 'a';
    const { fleet, time, coordinator } = scene((nodes) => {
      const isTaken = nodes.some(({ approvedRevision }) => approvedRevision === REVISION);
      return decision({ approvals: isTaken ? [] : [{ node: first, revision: REVISION }] });
    });
    fleet.put('a');
    fleet.put('b');
    fleet.onWrite = (name) => {
      if (name === 'a') throw Object.assign(new Error('forbidden'), { status: 403 });
    };
    coordinator.onList(new Map(fleet.nodes));
    coordinator.setConfigMap(VALID);
    await time.pass(400);
    first = 'b';
    await time.pass(5000);
    expect(fleet.writes).toEqual([`b approved ${REVISION}`]);
  });

  it('sends twenty writes at a time at most', async () => {
    const { fleet, time, coordinator } = scene();
    for (let index = 0; index < 100; index += 1) fleet.put(`n${index}`);
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes.length).toBe(100);
    expect(fleet.underWay.most).toBe(20);
  });

  it('sends no further writes when the leadership ends', async () => {
    const { fleet, time, coordinator, leader } = scene();
    for (let index = 0; index < 100; index += 1) fleet.put(`n${index}`);
    fleet.onWrite = () => {
      leader.leads = false;
    };
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes.length).toBeLessThanOrEqual(20);
    expect(fleet.notes).toEqual([]);
    expect(fleet.statuses).toEqual([]);
  });

  it('decides again with the new Node after a conflict', async () => {
    const { fleet, time, coordinator } = scene();
    fleet.put('a');
    fleet.put('b');
    coordinator.onList(new Map(fleet.nodes));
    const newer = fleet.put('a', { state: 'Blocked' });
    coordinator.setConfigMap(VALID);
    await time.pass(5000);
    expect(fleet.writes).toEqual([`b approved ${REVISION}`]);
    coordinator.onChanged(newer);
    coordinator.onChanged(fleet.put('a', { state: 'Pending' }));
    await time.pass(30_000);
    expect(fleet.writes).toEqual([`b approved ${REVISION}`, `a approved ${REVISION}`]);
  });

  it('retries refused writes with backoff', async () => {
    const { fleet, time, coordinator } = scene();
    fleet.put('a');
    let tries = 0;
    fleet.onWrite = () => {
      tries += 1;
      throw new Error('refused');
    };
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(120_000);
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    fleet.onWrite = () => undefined;
    await time.pass(31_000);
    expect(fleet.writes.length).toBe(1);
  });
});

describe('the status', () => {
  it('publishes why nothing is approved while the policy is not valid', async () => {
    const { fleet, time, coordinator } = scene();
    fleet.put('a');
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(policy('1', { allowedUnsafeSysctls: '' }));
    await time.pass(5000);
    expect(fleet.writes).toEqual([]);
    expect(fleet.notes).toEqual([]);
    expect(fleet.status?.data).toMatchObject({
      phase: 'Waiting',
      reason: expect.stringContaining('names no allowance'),
    });
  });

  it('writes the status once in five seconds at most, and the last one is current', async () => {
    const { fleet, time, coordinator } = scene();
    for (let index = 0; index < 40; index += 1) fleet.put(`n${index}`);
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    await time.pass(1000);
    for (let index = 0; index < 40; index += 1) {
      coordinator.onChanged(fleet.put(`n${index}`, { state: 'Done' }));
      await time.pass(200);
    }
    await time.pass(5000);
    expect(fleet.statuses.length).toBeLessThanOrEqual(4);
    expect(fleet.status?.data).toMatchObject({
      phase: 'Done',
      progress: '40/40 done',
      updated: expect.stringMatching(/^2026-11-24T10:00:/u),
    });
    expect(fleet.notes.map(({ reason }) => reason)).toEqual(['RolloutStarted', 'RolloutDone']);
  });

  it('writes the status with a new phase two seconds after the last write', async () => {
    const { fleet, time, coordinator } = oneNode();
    await time.pass(1000);
    const phase = fleet.status?.data['phase'];
    coordinator.onChanged(fleet.put('a', { state: 'Done' }));
    await time.pass(2000);
    expect([phase, fleet.status?.data['phase']]).toEqual(['Rolling', 'Done']);
  });

  it('reads and writes the status again after another client changed it', async () => {
    const { fleet, time, coordinator } = oneNode();
    await time.pass(5000);
    fleet.status = { resourceVersion: '1', data: { phase: 'Nonsense' } };
    coordinator.onChanged(fleet.put('a', { state: 'Done' }));
    await time.pass(10_000);
    expect(fleet.status.data).toMatchObject({ phase: 'Done' });
  });

  it('retries Events every 30 s and in order until the API server accepts them', async () => {
    const { fleet, time, coordinator } = scene();
    const tried: string[] = [];
    const refuse = ({ reason }: { readonly reason: string }): void => {
      tried.push(reason);
      throw new Error('refused');
    };
    for (let index = 0; index < 40; index += 1) fleet.put(`n${index}`);
    fleet.onEvent = refuse;
    coordinator.onList(fleet.nodes);
    coordinator.setConfigMap(VALID);
    for (let index = 0; index < 40; index += 1) {
      coordinator.onChanged(fleet.put(`n${index}`, { state: 'Done' }));
      await time.pass(500);
    }
    await time.pass(60_000);
    expect(fleet.status?.data).toMatchObject({ phase: 'Done' });
    expect(new Set(tried)).toEqual(new Set(['RolloutStarted']));
    expect(tried.length).toBeLessThanOrEqual(4);
    fleet.onEvent = () => undefined;
    await time.pass(31_000);
    expect(fleet.notes.map(({ reason }) => reason)).toEqual(['RolloutStarted', 'RolloutDone']);
    await time.pass(1_200_000, undefined, 1000);
    expect(fleet.notes.length).toBe(2);
  });

  it('lets the next leader post an Event that was not accepted', async () => {
    const first = oneNode();
    first.fleet.onEvent = () => {
      throw new Error('refused');
    };
    await first.time.pass(5000);
    await first.coordinator.stop();
    first.fleet.onEvent = () => undefined;
    const second = scene(approveAll, first.fleet);
    second.coordinator.onList(first.fleet.nodes);
    second.coordinator.setConfigMap(VALID);
    await second.time.pass(5000);
    expect(first.fleet.notes.map(({ reason }) => reason)).toEqual(['RolloutStarted']);
  });

  it('keeps the next leader from posting the same Events again', async () => {
    const first = oneNode();
    await first.time.pass(5000);
    await first.coordinator.stop();
    const second = scene(approveAll, first.fleet);
    second.coordinator.onList(first.fleet.nodes);
    second.coordinator.setConfigMap(VALID);
    await second.time.pass(5000);
    second.coordinator.onChanged(first.fleet.put('a', { state: 'Done' }));
    await second.time.pass(5000);
    expect(first.fleet.notes.map(({ reason }) => reason)).toEqual(['RolloutStarted', 'RolloutDone']);
  });
});
