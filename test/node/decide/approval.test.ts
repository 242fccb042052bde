import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { JOURNAL_FILE } from '../../../agent/node/state/state-store.ts';
import { revisionOf } from '../../../agent/policy/desired.ts';
import { INPUT_KEYS, KEYS, APPROVAL_MARKERS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';
import { WEB_POD } from '../web-pod.ts';

const ONE = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const BOTH = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax' };
/** Removes what WEB_POD uses. */
const OTHER = { allowedUnsafeSysctls: 'kernel.msgmax' };
const NOT_THIS = '0123456789';

interface Data {
  readonly allowedUnsafeSysctls: string;
  readonly [key: string]: string;
}

let agent: Agent | undefined;
/** What the policy asks of the node. */
let asked: string;

async function startAgent(
  host: FakeHost,
  data: Data,
  options: Parameters<typeof startedAgent>[2] = { waitForApproval: true },
): Promise<Agent> {
  asked = revisionFor(data);
  agent = await startedAgent(host, data, options);
  return agent;
}

async function edit(host: FakeHost, data: Data): Promise<void> {
  asked = revisionFor(data);
  agent?.setConfigMap(host.configMap(data));
  await atRest();
}

function revisionFor({ allowedUnsafeSysctls, ['mode']: mode }: Data): string {
  return revisionOf(mode === 'Restore' ? ['mode: Restore'] : allowedUnsafeSysctls.split(',').toSorted());
}

/** Approves as the coordinator does, and delivers the Node as the watch does. */
async function approve(host: FakeHost, revision = asked): Promise<void> {
  host.annotations[INPUT_KEYS.approvedRevision] = revision;
  await nodeSeen(host);
}

async function withdraw(host: FakeHost): Promise<void> {
  delete host.annotations[INPUT_KEYS.approvedRevision];
  await nodeSeen(host);
}

async function nodeSeen(host: FakeHost): Promise<void> {
  agent?.setNode(host.node());
  await atRest();
}

async function pass(host: FakeHost, ms: number): Promise<void> {
  host.advance(ms);
  await atRest();
}

/** A node that runs with the approved list `data`; no action is recorded yet. */
async function changedTo(data: Data): Promise<FakeHost> {
  const host = new FakeHost().startKubelet();
  await startAgent(host, data);
  await approve(host);
  await nodeSeen(host);
  expect(host.annotations[KEYS.state]).toBe('Done');
  host.actions.length = 0;
  host.podLooks.length = 0;
  return host;
}

const reports = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => /^(?:patch|event)/u.test(action));
const writes = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => !/^(?:patch|event)/u.test(action) && !action.endsWith('/state.json'));

beforeEach(() => {
  agent = undefined;
});

describe('a node that waits for approval', () => {
  test('begins no change, and reports what it waits for and what it would do', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, ONE);
    await nodeSeen(host);

    expect(writes(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Pending');
    const revision = host.annotations[KEYS.desiredRevision];
    expect(host.annotations[KEYS.reason]).toBe(
      `Waits for the coordinator's approval of revision ${revision}: ` +
        `Creates ${ENVIRONMENT_FILE}. Adds net.core.somaxconn to KUBELET_EXTRA_ARGS in ${ENVIRONMENT_FILE}.`,
    );
    expect(host.annotations).not.toHaveProperty([KEYS.appliedRevision]);
  });

  test('neither writes nor arms anything before the approval, at any number of passes', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    await nodeSeen(host);
    await pass(host, 1_200_000);
    await nodeSeen(host);
    await pass(host, 1_200_000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(writes(host)).toEqual([]);
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    // One report, no Event, no list of pods.
    expect(reports(host)).toEqual(['patch Pending']);
    expect(host.podLooks).toEqual([]);
  });

  test('changes at once when it is approved, without a list of its pods', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    await nodeSeen(host);
    host.actions.length = 0;

    await approve(host);

    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.running]: 'net.core.somaxconn,kernel.msgmax',
      [KEYS.appliedRevision]: host.annotations[KEYS.desiredRevision],
    });
    expect(host.podLooks).toEqual([]);
    expect(host.actions.filter((action) => action.startsWith('patch'))).toEqual([
      'patch Working',
      'patch Done',
    ]);
  });

  test.each([
    [APPROVAL_MARKERS.unanswered, 'did not begin in time'],
    [APPROVAL_MARKERS.unfinished, 'an edit has replaced'],
    [APPROVAL_MARKERS.unread, 'did not respond'],
  ])('explains the coordinator’s marker %s in its reason', async (mark, meaning) => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    await approve(host, mark);

    expect(host.annotations[KEYS.reason]).toContain(meaning);
    expect(writes(host)).toEqual([]);
  });

  test('ignores an approval of another revision, and names that revision', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    await approve(host, NOT_THIS);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.annotations[KEYS.reason]).toContain(`its approval of ${NOT_THIS} is for another revision`);
    expect(writes(host)).toEqual([]);
  });

  test('waits again when the approval is revoked before a blocking pod is gone', async () => {
    const host = await changedTo(ONE);
    host.pods = [WEB_POD];
    await edit(host, OTHER);
    await approve(host);
    expect(host.annotations[KEYS.state]).toBe('Blocked');

    await withdraw(host);
    host.pods = [];
    await pass(host, 75_000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(writes(host)).toEqual([]);
  });

  test('waits also with a change that restarts nothing', async () => {
    const host = await changedTo(ONE);
    await withdraw(host);
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('');
  });

  test('waits for an approval of each revision, and changes to the one that was approved', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    const first = asked;
    await edit(host, OTHER);

    await approve(host, first);
    expect(writes(host)).toEqual([]);
    expect(host.annotations[KEYS.running]).toBe('net.core.somaxconn');

    await approve(host);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('waits with mode: Restore as with any other revision', async () => {
    const host = await changedTo(ONE);

    await edit(host, { ...ONE, mode: 'Restore' });
    // An administrator who uninstalls waits until every node is Done again.
    expect(host.annotations[KEYS.state]).toBe('Pending');

    await approve(host);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: '' });
  });
});

describe('a node that is Done and waits for its turn', () => {
  test('delays its Pending report by some minutes, since the coordinator predicts it', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    agent?.hostChanged();
    await pass(host, 299_000);
    expect(reports(host)).toEqual([]);

    await pass(host, 151_000);
    expect(reports(host)).toEqual(['patch Pending']);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Pending', [KEYS.desiredRevision]: asked });
  });

  test('changes at once with an approval that came before its agent had read the edit', async () => {
    const host = await changedTo(ONE);
    await approve(host, revisionFor(BOTH));
    expect(reports(host)).toEqual([]);

    await edit(host, BOTH);

    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.running]: 'net.core.somaxconn,kernel.msgmax',
    });
    expect(reports(host)).toEqual(['patch Working', 'patch Done']);
  });

  test('reports nothing of an edit that is reverted', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    await edit(host, ONE);
    await pass(host, 1_200_000);

    expect(reports(host)).toEqual([]);
  });

  test('delays the report again for each revision', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    await pass(host, 400_000);

    await edit(host, OTHER);
    await pass(host, 400_000);
    expect(reports(host)).toEqual([]);

    await pass(host, 100_000);
    expect(reports(host)).toEqual(['patch Pending']);
  });

  test('reports Pending at once when anything else changes', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.rmem_max\n');
    agent?.hostChanged();
    await pass(host, 1000);

    expect(reports(host)).toEqual(['patch Pending']);
    expect(host.annotations[KEYS.drift]).toContain('net.core.rmem_max');
  });

  test.each([
    ['the ConfigMap that was not valid is fixed', KEYS.policyError, 'no'],
    ['a user requests a retry', INPUT_KEYS.retry, 'true'],
    ['its kubelet runs with another list than it reports', KEYS.running, 'kernel.sem'],
  ])('reports Pending at once when %s', async (_, key, value) => {
    const host = await changedTo(ONE);
    host.annotations[key] = value;
    agent?.setNode(host.node());

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Pending');
  });

  test.each([
    ['marked the node as not responding', APPROVAL_MARKERS.unread],
    ['revoked an unused approval', APPROVAL_MARKERS.unanswered],
    ['approved another revision', NOT_THIS],
  ])('reports Pending at once when the coordinator has %s', async (_, approved) => {
    const host = await changedTo(ONE);
    await approve(host, approved);

    await edit(host, BOTH);

    expect(reports(host)).toEqual(['patch Pending']);
  });

  test('reports nothing when the coordinator has revoked an outdated approval', async () => {
    const host = await changedTo(ONE);
    await approve(host, APPROVAL_MARKERS.unfinished);

    await edit(host, BOTH);

    expect(reports(host)).toEqual([]);
  });

  test('delays the report also after a restart of its agent', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    await agent?.stop();

    await startAgent(host, BOTH);

    expect(reports(host)).toEqual([]);
  });
});

describe('a change without approval', () => {
  test('is not needed when nothing differs', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n',
    }).startKubelet();

    await startAgent(host, ONE);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.appliedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('fixes drift from the approved revision, more than once', async () => {
    const host = await changedTo(ONE);
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is made with rollout: Immediate', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, { ...ONE, rollout: 'Immediate' });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is made when the agent was not started to wait', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, ONE, { waitForApproval: false });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is made when the policy becomes Immediate', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    expect(writes(host)).toEqual([]);

    await edit(host, { ...BOTH, rollout: 'Immediate' });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('the reason of an unapproved change', () => {
  test('names a pod that uses what would be removed before the missing approval', async () => {
    const host = await changedTo(ONE);
    host.pods = [WEB_POD];

    await edit(host, OTHER);
    await nodeSeen(host);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('shop/web: net.core.somaxconn');
    expect(host.podLooks).toEqual([false]);

    host.pods = [];
    await pass(host, 7000);
    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(writes(host)).toEqual([]);
  });

  test('does not name a pod that inUse: Proceed ends, and lists no pods before the approval', async () => {
    const host = await changedTo(ONE);
    host.pods = [WEB_POD];

    await edit(host, { ...OTHER, inUse: 'Proceed' });
    await pass(host, 600_000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.podLooks).toEqual([]);
  });

  test('is a kubelet that does not run, before the missing approval', async () => {
    const host = await changedTo(ONE);
    host.active = false;
    agent?.hostChanged();

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('The agent changes only a running kubelet');
  });

  test('is the pause after a failed change, before the missing approval', async () => {
    const host = await changedTo(ONE);
    host.crash = (argv) => (argv.some((word) => word.includes('msgmax')) ? 'no' : undefined);
    await edit(host, BOTH);
    await approve(host);
    expect(host.annotations[KEYS.state]).toBe('Degraded');

    await withdraw(host);
    expect(host.annotations[KEYS.state]).toBe('Degraded');

    await pass(host, 31_000);
    expect(host.annotations[KEYS.state]).toBe('Pending');
  });
});

describe('the jitter', () => {
  test('does not delay a change that the coordinator approves', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host, ONE, { waitForApproval: true, jitterMs: 60_000 });

    await approve(host);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('delays a change without a coordinator', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host, { ...ONE, rollout: 'Immediate' }, { waitForApproval: true, jitterMs: 60_000 });
    expect(host.annotations[KEYS.reason]).toContain('jitter');

    await pass(host, 31_000);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});
