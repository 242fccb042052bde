import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { retriedSince, withRetry } from '../../../agent/node/decide/retry-request.ts';
import { EMPTY_STATE } from '../../../agent/node/state/state-store.ts';
import { INPUT_KEYS, KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';
import { WEB_POD } from '../web-pod.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const OTHER = { allowedUnsafeSysctls: 'kernel.msgmax' };
const STATE_FILE = '/var/lib/kubelet-sysctl-agent/state.json';
const dies = (argv: readonly string[]): string | undefined =>
  argv.some((word) => word.includes('somaxconn')) ? 'no' : undefined;

/** A node whose change has failed. */
async function failed(options = {}): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost().startKubelet();
  host.crash = dies;
  const agent = await startedAgent(host, POLICY, options);
  await nodeSeen(host, agent);
  await pass(host, 1000);
  return { host, agent };
}

/** Annotates as `kubectl annotate` does, and delivers the Node as the watch does. */
async function askForRetry(host: FakeHost, agent: Agent, value = 'now'): Promise<void> {
  host.annotations[INPUT_KEYS.retry] = value;
  await nodeSeen(host, agent);
}

async function nodeSeen(host: FakeHost, agent: Agent): Promise<void> {
  agent.setNode(host.node());
  await atRest();
}

async function pass(host: FakeHost, ms: number): Promise<void> {
  host.advance(ms);
  await atRest();
}

async function edit(host: FakeHost, agent: Agent, data: Readonly<Record<string, string>>): Promise<void> {
  agent.setConfigMap(host.configMap(data));
  await atRest();
}

describe('a change that failed', () => {
  test('is shown on the node as failed-revision', async () => {
    const { host } = await failed();

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.failedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('keeps failed-revision while it is retried, until a try succeeds', async () => {
    const { host } = await failed();
    const restarted = Promise.withResolvers<void>();
    host.restarted = () => restarted.promise;
    host.crash = () => undefined;
    await pass(host, 31_000);
    await pass(host, 1000);
    expect(host.annotations[KEYS.state]).toBe('Working');
    expect(host.annotations).toHaveProperty([KEYS.failedRevision]);
    const reported: unknown[] = [];
    host.fault = (action) => {
      if (action.startsWith('patch')) reported.push([action, KEYS.failedRevision in host.annotations]);
      return undefined;
    };

    restarted.resolve();
    await atRest();

    expect(reported).toEqual([
      ['patch', true],
      ['patch Done', true],
    ]);
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);
  });

  test('is shown as failed-revision also when the old bytes cannot be restored', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: '# ours\n' }).startKubelet();
    host.crash = dies;
    host.fault = (action) =>
      action === `write ${ENVIRONMENT_FILE}` && host.restarts > 0 ? new Error('EROFS: read-only') : undefined;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('could not be taken out');
    expect(host.annotations[KEYS.failedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('keeps failed-revision over a restart of the agent, and while the node is paused', async () => {
    const { host, agent } = await failed();
    await agent.stop();
    host.annotations[INPUT_KEYS.paused] = 'true';

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.failedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('hides failed-revision while another revision is desired', async () => {
    const { host, agent } = await failed();

    await edit(host, agent, { ...OTHER, paused: 'true' });
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);

    await edit(host, agent, { ...POLICY, paused: 'true' });
    expect(host.annotations[KEYS.failedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('removes failed-revision when a person has made the change by hand', async () => {
    const { host, agent } = await failed();
    host.crash = () => undefined;
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n');
    host.startKubelet();

    agent.hostChanged();
    await pass(host, 1000);
    agent.setNode(host.node());
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    await pass(host, 10_000);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);
  });

  test('is read also from the state of an older agent that saved no revision', async () => {
    const { host, agent } = await failed();
    agent.hostChanged();
    await pass(host, 1000);
    await agent.stop();
    const agentState: { failure: { revision?: string } } = JSON.parse(host.files.get(STATE_FILE) ?? '');
    expect(agentState).toHaveProperty('failure.revision');
    delete agentState.failure.revision;
    host.files.set(STATE_FILE, JSON.stringify(agentState));

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);
  });
});

describe('the annotation retry', () => {
  test('ends the pause after a failed change, and is removed', async () => {
    const { host, agent } = await failed();
    host.crash = () => undefined;

    await askForRetry(host, agent);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations).not.toHaveProperty([INPUT_KEYS.retry]);
  });

  test('causes one try, also when the annotation cannot be removed', async () => {
    const { host, agent } = await failed();
    expect(host.restarts).toBe(2);
    host.fault = (action) => (action.startsWith('patch') ? new Error('403 Forbidden') : undefined);

    await askForRetry(host, agent);
    for (let second = 0; second < 20; second += 1) {
      await pass(host, 1000);
      await nodeSeen(host, agent);
    }

    expect(host.restarts).toBe(4);
    expect(host.annotations).toHaveProperty([INPUT_KEYS.retry]);
    const agentState: unknown = JSON.parse(host.files.get(STATE_FILE) ?? '');
    expect(agentState).toHaveProperty('failure.attempts', 2);
  });

  test('causes another try when it is written again, and the backoff keeps growing', async () => {
    const { host, agent } = await failed();
    await askForRetry(host, agent);
    await nodeSeen(host, agent);
    expect(host.restarts).toBe(4);
    await pass(host, 1000);

    await askForRetry(host, agent);
    await nodeSeen(host, agent);

    expect(host.restarts).toBe(6);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    await pass(host, 61_000);
    expect(host.restarts).toBe(6);
    await pass(host, 61_000);
    expect(host.restarts).toBe(8);
  });

  test('is not lost when it is set during a change, whose report removes it', async () => {
    const host = new FakeHost().startKubelet();
    host.crash = dies;
    const restarted = Promise.withResolvers<void>();
    host.restarted = () => restarted.promise;
    const agent = await startedAgent(host, POLICY);
    await askForRetry(host, agent);
    await pass(host, 1000);
    expect(host.annotations).not.toHaveProperty([INPUT_KEYS.retry]);
    agent.setNode(host.node());

    host.restarted = () => Promise.resolve();
    host.fault = (action) => {
      if (action === 'patch Degraded') host.now = new Date(host.now.getTime() + 5);
      return undefined;
    };
    restarted.resolve();
    await atRest();

    expect(host.restarts).toBe(4);
  });

  test('holds until the approval comes, also over a restart of the agent', async () => {
    const host = new FakeHost().startKubelet();
    host.crash = dies;
    let agent = await startedAgent(host, POLICY, { waitForApproval: true });
    host.annotations[INPUT_KEYS.approvedRevision] = host.annotations[KEYS.desiredRevision] ?? '';
    await nodeSeen(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    delete host.annotations[INPUT_KEYS.approvedRevision];
    host.advance(1000);

    await askForRetry(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(host.annotations[KEYS.failedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
    expect(host.annotations).not.toHaveProperty([INPUT_KEYS.retry]);

    await agent.stop();
    agent = await startedAgent(host, POLICY, { waitForApproval: true });
    expect(host.annotations[KEYS.state]).toBe('Pending');
  });

  test('lists the blocking pods again at once', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await startedAgent(host, POLICY);
    host.pods = [WEB_POD];
    await edit(host, agent, OTHER);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    host.pods = [];

    await askForRetry(host, agent);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('lets a file be changed again that another program has reverted twice', async () => {
    const theirs = '# Ansible managed\n';
    const host = new FakeHost({ [ENVIRONMENT_FILE]: theirs }).startKubelet();
    const agent = await startedAgent(host, POLICY);
    const putBack = async (): Promise<void> => {
      host.files.set(ENVIRONMENT_FILE, theirs);
      agent.hostChanged();
      await pass(host, 60_000);
    };
    await putBack();
    await putBack();
    await nodeSeen(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Degraded');

    await askForRetry(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Done');

    await putBack();
    expect(host.annotations[KEYS.state]).toBe('Done');
    await putBack();
    expect(host.annotations[KEYS.state]).toBe('Degraded');
  });

  test('still lets that file be changed when its first try has failed', async () => {
    const theirs = '# Ansible managed\n';
    const host = new FakeHost({ [ENVIRONMENT_FILE]: theirs }).startKubelet();
    const agent = await startedAgent(host, POLICY);
    for (let times = 0; times < 2; times += 1) {
      host.files.set(ENVIRONMENT_FILE, theirs);
      host.startKubelet();
      agent.hostChanged();
      await pass(host, 60_000);
    }
    await nodeSeen(host, agent);
    expect(host.annotations[KEYS.reason]).toContain('flag out 2 times');
    host.crash = dies;
    await askForRetry(host, agent);
    expect(host.annotations[KEYS.reason]).toContain('was rolled back');

    host.crash = () => undefined;
    await pass(host, 31_000);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is removed, and leaves nothing on the host, when nothing has failed', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n',
    }).startKubelet();
    const agent = await startedAgent(host, POLICY);
    await nodeSeen(host, agent);
    host.actions.length = 0;

    await askForRetry(host, agent);

    expect(host.annotations).not.toHaveProperty([INPUT_KEYS.retry]);
    expect(host.actions).toEqual(['patch']);
  });
});

describe('retriedSince', () => {
  const at = '2026-11-24T02:00:00.000Z';
  const asked = new Date('2026-11-24T02:00:10.000Z');
  const agentState = withRetry({ ...EMPTY_STATE, history: [] }, asked) ?? EMPTY_STATE;

  test('is true only of a time before the request', () => {
    const now = new Date('2026-11-24T02:01:00.000Z');
    expect(retriedSince(agentState, at, now)).toBe(true);
    expect(retriedSince(agentState, '2026-11-24T02:00:20.000Z', now)).toBe(false);
    expect(retriedSince(EMPTY_STATE, at, now)).toBe(false);
  });

  test('is false for a request in the future, since the clock was set back', () => {
    expect(retriedSince(agentState, at, new Date('2026-11-24T02:00:05.000Z'))).toBe(false);
  });
});
