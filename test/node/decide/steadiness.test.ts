import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const RIGHT_FILE = { [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n' };
const dies = (): string => 'E run.go:72] "command failed" err="no disk"';

/** systemd starts the kubelet again; it lives, or dies at once. */
async function autoRestart(host: FakeHost, agent: Agent, crash: () => string | undefined): Promise<void> {
  host.crash = crash;
  host.autoRestarts += 1;
  host.startKubelet();
  agent.hostChanged();
  host.advance(100);
  await atRest();
  agent.setNode(host.node());
  await atRest();
}

function reports(host: FakeHost): string[] {
  return host.actions.filter((action) => action.startsWith('patch') || action.startsWith('event'));
}

describe('a kubelet with the right list that crashes and comes back', () => {
  test('keeps the node from Done, and is reported once, not at each of its starts', async () => {
    const host = new FakeHost(RIGHT_FILE).startKubelet();
    const agent = await startedAgent(host, POLICY);
    agent.setNode(host.node());
    await atRest();
    host.actions.length = 0;

    for (let times = 0; times < 6; times += 1) {
      await autoRestart(host, agent, dies);
      expect(host.annotations[KEYS.state]).toBe('Blocked');
      host.advance(10_000);
      await autoRestart(host, agent, () => undefined);
      expect(host.annotations[KEYS.state]).toBe('Blocked');
    }

    expect(reports(host)).toEqual(['patch Blocked', 'event NodeBlocked']);
  });

  test('makes the node Done once it has stayed healthy for ten seconds', async () => {
    const host = new FakeHost(RIGHT_FILE).startKubelet();
    const agent = await startedAgent(host, POLICY);
    await autoRestart(host, agent, dies);
    await autoRestart(host, agent, () => undefined);

    host.advance(9000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    host.advance(1500);
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('keeps the report of its failed change until it has stayed healthy', async () => {
    const host = new FakeHost().startKubelet();
    host.crash = (argv) => (argv.join().includes('somaxconn') ? dies() : undefined);
    const agent = await startedAgent(host, POLICY);
    agent.setNode(host.node());
    host.files.set(ENVIRONMENT_FILE, RIGHT_FILE[ENVIRONMENT_FILE] ?? '');

    await autoRestart(host, agent, () => undefined);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.failedRevision]).toBeDefined();
    host.advance(11_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.failedRevision]).toBeUndefined();
  });
});

test('a crash after a retried change is not reported as the earlier failure while the Node of the watch is older', async () => {
  const host = new FakeHost().startKubelet();
  host.crash = (argv) => (argv.join().includes('somaxconn') ? dies() : undefined);
  const agent = await startedAgent(host, POLICY);
  agent.setNode(host.node());
  await atRest();
  host.crash = () => undefined;
  host.advance(31_000);
  await atRest();
  expect(host.annotations[KEYS.state]).toBe('Done');

  host.autoRestarts = 1;
  host.startKubelet();
  agent.hostChanged();
  host.advance(100);
  await atRest();

  expect(host.annotations[KEYS.state]).toBe('Blocked');
  expect(host.annotations[KEYS.reason]).not.toContain('was rolled back');
});

test('a node that was Done stays Done when a person restarts its kubelet', async () => {
  const host = new FakeHost(RIGHT_FILE).startKubelet();
  const agent = await startedAgent(host, POLICY);
  agent.setNode(host.node());
  await atRest();
  host.actions.length = 0;

  host.startKubelet();
  agent.hostChanged();
  host.advance(1000);
  await atRest();

  expect(reports(host)).toEqual([]);
});

describe('a kubelet with the right list that another party restarts', () => {
  /** The unit's states on the way, and how long it has been in them, in ms. */
  const STEPS = [
    ['deactivating', 'stop-sigterm', 30_000],
    ['inactive', 'dead', 100],
    ['activating', 'start-pre', 20_000],
    ['active', 'running', 100],
    ['active', 'running', 3_600_000],
  ] as const;

  test('keeps the node Done and writes nothing while the unit stops and starts', async () => {
    const host = new FakeHost(RIGHT_FILE).startKubelet();
    const agent = await startedAgent(host, POLICY);
    agent.setNode(host.node());
    await atRest();
    host.actions.length = 0;

    for (const [activeState, subState, forMs] of STEPS) {
      host.between = { activeState, subState };
      host.stateSinceMs = host.monotonicMs() - forMs;
      agent.hostChanged();
      host.advance(100);
      await atRest();
    }
    host.between = undefined;
    host.stateSinceMs = undefined;
    host.startKubelet();
    host.advance(1000);
    await atRest();

    expect(reports(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('keeps the node from Blocked also when that party has taken the flag out', async () => {
    const host = new FakeHost(RIGHT_FILE).startKubelet();
    const agent = await startedAgent(host, POLICY);
    agent.setNode(host.node());
    await atRest();

    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=\n');
    host.between = { activeState: 'deactivating', subState: 'stop-sigterm' };
    host.stateSinceMs = host.monotonicMs();
    agent.hostChanged();
    host.advance(100);
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.drift]).toContain('missing: net.core.somaxconn');
  });

  test.each([
    ['has been stopped for three seconds', 'inactive', 'dead', 3000],
    ['does not get past its ExecStartPre= for a minute', 'activating', 'start-pre', 61_000],
    ['has failed', 'failed', 'failed', 0],
    ['waits for its automatic restart', 'activating', 'auto-restart', 0],
  ])('makes the node Blocked when it %s', async (_what, activeState, subState, forMs) => {
    const host = new FakeHost(RIGHT_FILE).startKubelet();
    const agent = await startedAgent(host, POLICY);
    agent.setNode(host.node());
    await atRest();

    host.between = { activeState, subState };
    host.stateSinceMs = host.monotonicMs() - forMs;
    agent.hostChanged();
    host.advance(100);
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain(`kubelet.service is ${activeState}/${subState}`);
  });

  test.each([['(kubelet)'], ['/usr/lib/systemd/systemd-executor --deserialize 47']])(
    'keeps the node Done while its process is still %s',
    async (argv) => {
      const host = new FakeHost(RIGHT_FILE).startKubelet();
      const ports = host.ports();
      let isExecuted = true;
      host.ports = () => ({
        ...ports,
        processes: {
          ...ports.processes,
          argv: (pid) => (isExecuted ? ports.processes.argv(pid) : Promise.resolve(argv.split(' '))),
        },
      });
      const agent = await startedAgent(host, POLICY);
      agent.setNode(host.node());
      await atRest();
      host.actions.length = 0;

      isExecuted = false;
      host.startKubelet();
      agent.hostChanged();
      host.advance(100);
      await atRest();

      expect(reports(host)).toEqual([]);
    },
  );
});
