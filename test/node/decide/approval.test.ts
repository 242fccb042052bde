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
/** Takes away what WEB_POD uses. */
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
  return revisionOf(mode === 'Restore' ? [] : allowedUnsafeSysctls.split(',').toSorted());
}

/** As the coordinator writes it, and the watch brings it. */
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

/** A node that runs with `data`, approved, and known to its agent; nothing is recorded yet. */
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

const told = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => /^(?:patch|event)/u.test(action));
const writes = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => !/^(?:patch|event)/u.test(action) && !action.endsWith('/state.json'));

beforeEach(() => {
  agent = undefined;
});

describe('a node that waits for approval', () => {
  test('begins nothing, and says what it waits for and what it would do', async () => {
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

  test('neither writes nor arms anything ahead of the approval, however often it is looked at', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    await nodeSeen(host);
    await pass(host, 1_200_000);
    await nodeSeen(host);
    await pass(host, 1_200_000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(writes(host)).toEqual([]);
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    // One report for all of it, no Event, no question for pods.
    expect(told(host)).toEqual(['patch Pending']);
    expect(host.podLooks).toEqual([]);
  });

  test('goes at once when the approval comes, without a question for its pods', async () => {
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
  ])('says what the coordinator means by %s', async (mark, meaning) => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    await approve(host, mark);

    expect(host.annotations[KEYS.reason]).toContain(meaning);
    expect(writes(host)).toEqual([]);
  });

  test('ignores an approval of another revision, and names it', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    await approve(host, NOT_THIS);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.annotations[KEYS.reason]).toContain(`its approval of ${NOT_THIS} is for another revision`);
    expect(writes(host)).toEqual([]);
  });

  test('waits again when the approval is withdrawn before a pod lets it go', async () => {
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

  test('waits also for a change that restarts nothing', async () => {
    const host = await changedTo(ONE);
    await withdraw(host);
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('');
  });

  test('waits anew for each revision, and goes as asked when it is edited meanwhile', async () => {
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

  test('waits for mode: Restore as for any other revision', async () => {
    const host = await changedTo(ONE);

    await edit(host, { ...ONE, mode: 'Restore' });
    // Who uninstalls waits for every node to say Done again.
    expect(host.annotations[KEYS.state]).toBe('Pending');

    await approve(host);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: '' });
  });
});

describe('a node that is Done and waits for its turn', () => {
  test('tells nothing, since the coordinator sees it from the policy; after some minutes it says so', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    agent?.hostChanged();
    await pass(host, 299_000);
    expect(told(host)).toEqual([]);

    await pass(host, 151_000);
    expect(told(host)).toEqual(['patch Pending']);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Pending', [KEYS.desiredRevision]: asked });
  });

  test('goes at once with an approval that came before its agent had read the edit', async () => {
    const host = await changedTo(ONE);
    await approve(host, revisionFor(BOTH));
    expect(told(host)).toEqual([]);

    await edit(host, BOTH);

    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.running]: 'net.core.somaxconn,kernel.msgmax',
    });
    expect(told(host)).toEqual(['patch Working', 'patch Done']);
  });

  test('tells nothing of an edit that is taken back', async () => {
    const host = await changedTo(ONE);

    await edit(host, BOTH);
    await edit(host, ONE);
    await pass(host, 1_200_000);

    expect(told(host)).toEqual([]);
  });

  test('waits as long again for each revision', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    await pass(host, 400_000);

    await edit(host, OTHER);
    await pass(host, 400_000);
    expect(told(host)).toEqual([]);

    await pass(host, 100_000);
    expect(told(host)).toEqual(['patch Pending']);
  });

  test('says so at once when anything else is to be told', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);

    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.rmem_max\n');
    agent?.hostChanged();
    await pass(host, 1000);

    expect(told(host)).toEqual(['patch Pending']);
    expect(host.annotations[KEYS.drift]).toContain('net.core.rmem_max');
  });

  test.each([
    ['the ConfigMap that was not valid is mended', KEYS.policyError, 'no'],
    ['a person asks it to try again', INPUT_KEYS.retry, 'true'],
    ['its kubelet runs with another list than it says', KEYS.running, 'kernel.sem'],
  ])('says so at once when %s by the edit', async (_, key, value) => {
    const host = await changedTo(ONE);
    host.annotations[key] = value;
    agent?.setNode(host.node());

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Pending');
  });

  test.each([
    ['a coordinator that has given it up', APPROVAL_MARKERS.unread],
    ['one that has put it last', APPROVAL_MARKERS.unanswered],
    ['one that approved something else', NOT_THIS],
  ])('says so at once to %s', async (_, approved) => {
    const host = await changedTo(ONE);
    await approve(host, approved);

    await edit(host, BOTH);

    expect(told(host)).toEqual(['patch Pending']);
  });

  test('says nothing to one that took an overtaken approval back', async () => {
    const host = await changedTo(ONE);
    await approve(host, APPROVAL_MARKERS.unfinished);

    await edit(host, BOTH);

    expect(told(host)).toEqual([]);
  });

  test('keeps quiet also when its agent starts anew', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    await agent?.stop();

    await startAgent(host, BOTH);

    expect(told(host)).toEqual([]);
  });
});

describe('no approval is waited for', () => {
  test('where nothing is to be changed', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n',
    }).startKubelet();

    await startAgent(host, ONE);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.appliedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('when drift from the approved revision is mended, and none is needed twice', async () => {
    const host = await changedTo(ONE);
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('with rollout: Immediate', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, { ...ONE, rollout: 'Immediate' });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('where the agent was not started to wait', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, ONE, { waitForApproval: false });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('any longer when the policy becomes Immediate', async () => {
    const host = await changedTo(ONE);
    await edit(host, BOTH);
    expect(writes(host)).toEqual([]);

    await edit(host, { ...BOTH, rollout: 'Immediate' });

    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('what holds a change back is said before that it is not approved', () => {
  test('a pod that uses what would be taken away', async () => {
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

  test('not a pod that inUse: Proceed ends; nobody asks for it before the approval', async () => {
    const host = await changedTo(ONE);
    host.pods = [WEB_POD];

    await edit(host, { ...OTHER, inUse: 'Proceed' });
    await pass(host, 600_000);

    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.podLooks).toEqual([]);
  });

  test('a kubelet that does not run', async () => {
    const host = await changedTo(ONE);
    host.active = false;
    agent?.hostChanged();

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('The agent changes only a running kubelet');
  });

  test('the pause after a failed change', async () => {
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
  test('is not waited for beside the coordinator, which sets the pace itself', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host, ONE, { waitForApproval: true, jitterMs: 60_000 });

    await approve(host);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is waited for where nobody else paces the change', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host, { ...ONE, rollout: 'Immediate' }, { waitForApproval: true, jitterMs: 60_000 });
    expect(host.annotations[KEYS.reason]).toContain('jitter');

    await pass(host, 31_000);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});
