import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { INPUT_KEYS, KEYS, STATE_DIR } from '../../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const BEFORE = '# by the installer\nKUBELET_EXTRA_ARGS=--v=3\n';
const OUR_FLAG = 'allowed-unsafe-sysctls';

/** A node that is Done, whose kubelet's binary is then replaced by one that does not know our flag. */
async function upgraded(before = BEFORE): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
  const agent = await startedAgent(host, POLICY);
  expect(host.annotations[KEYS.state]).toBe('Done');
  host.actions.length = 0;
  host.unknownFlags = [OUR_FLAG];
  host.version = 'Kubernetes v1.38.0';
  return { host, agent };
}

async function passes(host: FakeHost, agent: Agent, times = 6): Promise<void> {
  for (let pass = 0; pass < times; pass += 1) {
    agent.hostChanged();
    host.advance(5000);
    await atRest();
    agent.setNode(host.node());
    await atRest();
  }
}

const starts = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => action === 'restart' || action === 'start failed');

function expectWithdrawn(host: FakeHost): void {
  expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  expect(host.annotations[KEYS.state]).toBe('Degraded');
  expect(host.annotations[KEYS.reason]).toMatch(
    /\/usr\/bin\/kubelet \(1\.38\.0\) does not take --allowed-unsafe-sysctls\..*out of \/etc\/default\/kubelet.*allowedUnsafeSysctls in \/var\/lib\/kubelet\/config\.yaml/u,
  );
  expect(host.annotations[KEYS.drift]).toContain('missing: net.core.somaxconn');
}

describe('a kubelet upgraded to one that does not know our flag', () => {
  test('has the flag taken out of its file before it is restarted, and keeps running', async () => {
    const { host, agent } = await upgraded();

    await passes(host, agent);

    expectWithdrawn(host);
    expect(starts(host)).toEqual([]);
    expect(host.armed).toBeUndefined();
  });

  test.each([
    ['that systemd starts again and again', false, ['restart']],
    ['that systemd no longer starts', true, ['start failed']],
  ])('and restarted, %s, is started once without the flag', async (_what, givesUp, expected) => {
    const { host, agent } = await upgraded();
    host.givesUp = givesUp;
    host.startKubelet();

    await passes(host, agent);

    expectWithdrawn(host);
    expect(starts(host)).toEqual(expected);
    expect(host.runningArgv).toEqual(['/usr/bin/kubelet', `--config=${CONFIG_FILE}`, '--v=3']);
  });

  test('is started once when only the log of the kubelet names the flag, and not tried again at once', async () => {
    const { host, agent } = await upgraded();
    host.unknownFlags = [];
    host.crash = (argv) =>
      argv.join().includes(OUR_FLAG)
        ? `E run.go] "command failed" err="unknown flag: --${OUR_FLAG}"`
        : undefined;
    host.startKubelet();

    await passes(host, agent, 4);

    expectWithdrawn(host);
    expect(starts(host)).toEqual(['restart']);
    expect(host.annotations[KEYS.reason]).toContain('Next try at');
  });

  test('has nothing left of the agent in its file, and the state says so', async () => {
    const { host, agent } = await upgraded();
    await passes(host, agent);

    const state: unknown = JSON.parse(host.files.get(`${STATE_DIR}/state.json`) ?? '{}');
    expect(state).toMatchObject({ originals: [], lastApplied: { ours: [], folded: [] } });
  });

  test('that a person stopped is left stopped, with the flag taken out', async () => {
    const { host, agent } = await upgraded();
    host.startKubelet();
    host.active = false;

    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(starts(host)).toEqual([]);
  });

  test('gets the list again when its binary knows the flag again', async () => {
    const { host, agent } = await upgraded();
    host.startKubelet();
    await passes(host, agent);

    host.unknownFlags = [];
    await passes(host, agent, 12);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv?.join()).toContain('somaxconn');
  });

  test('gets the list again each time when its binary does: the agent is not the program that takes the flag out', async () => {
    const { host, agent } = await upgraded();

    for (let replaced = 0; replaced < 4; replaced += 1) {
      host.unknownFlags = [OUR_FLAG];
      host.startKubelet();
      await passes(host, agent);
      expectWithdrawn(host);

      host.unknownFlags = [];
      host.advance(30 * 60_000);
      await passes(host, agent, 12);
      expect(host.annotations[KEYS.state]).toBe('Done');
    }
  });

  test('and stopped for its restart has the flag taken out before it is started', async () => {
    const { host, agent } = await upgraded();
    host.between = { activeState: 'deactivating', subState: 'stop-sigterm' };
    host.endKubelet({ isByJob: true, code: 'exited', status: 0, result: 'success' });
    host.stateSinceMs = host.monotonicMs();

    await passes(host, agent, 1);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  });

  test('is Done when its config.yaml has the list', async () => {
    const { host, agent } = await upgraded();
    host.startKubelet();
    await passes(host, agent);

    host.files.set(CONFIG_FILE, 'allowedUnsafeSysctls: [net.core.somaxconn]\n');
    host.advance(1000);
    host.startKubelet();
    await passes(host, agent, 12);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  });

  test('is restored by mode Restore, also while it does not run', async () => {
    const { host, agent } = await upgraded();
    host.startKubelet();
    agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Restore' }));
    await atRest();
    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv).toContain('--v=3');
    expect(starts(host)).toEqual(['restart']);
    expect([...host.files.keys()].filter((path) => path.startsWith(STATE_DIR))).toEqual([]);
  });

  test('is not changed on a paused node, and the reason says what would be', async () => {
    const { host, agent } = await upgraded();
    host.annotations[INPUT_KEYS.paused] = 'true';
    agent.setNode(host.node());

    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain(OUR_FLAG);
    expect(host.annotations[KEYS.state]).toBe('Observing');
  });

  test('keeps what another party added to the file meanwhile', async () => {
    const { host, agent } = await upgraded();
    host.files.set(ENVIRONMENT_FILE, `${host.files.get(ENVIRONMENT_FILE)}NO_PROXY=10.0.0.0/8\n`);
    host.startKubelet();

    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain(OUR_FLAG);
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('--v=3');
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('NO_PROXY=10.0.0.0/8\n');
  });

  test('is Unreconcilable where the agent has never set the flag', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.unknownFlags = [OUR_FLAG];

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Unreconcilable');
    expect(host.annotations[KEYS.reason]).toContain('allowedUnsafeSysctls in /var/lib/kubelet/config.yaml');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  });
});

describe('a flag of another party that a new kubelet does not know', () => {
  test('makes the node Blocked, with the place of the flag, and nothing is started', async () => {
    const text = 'A=1\nKUBELET_EXTRA_ARGS="--v=3 --container-runtime=remote"\n';
    const { host, agent } = await upgraded(text);
    host.unknownFlags = ['container-runtime'];
    host.startKubelet();

    await passes(host, agent);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toMatch(
      /unknown flag: --container-runtime.*Remove it from KUBELET_EXTRA_ARGS in \/etc\/default\/kubelet, line 2: KUBELET_EXTRA_ARGS=--v=3 --container-runtime=remote/su,
    );
    expect(starts(host)).toEqual([]);
  });

  test('is named after ours was taken out', async () => {
    const { host, agent } = await upgraded('KUBELET_EXTRA_ARGS="--v=3 --container-runtime=remote"\n');
    host.unknownFlags = [OUR_FLAG, 'container-runtime'];
    host.startKubelet();

    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain(OUR_FLAG);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('--container-runtime');
    expect(starts(host)).toEqual(['restart']);
  });

  test('is not ours when another party set our flag: Blocked, with its place', async () => {
    const text = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn,kernel.sem\n';
    const host = new FakeHost({ [ENVIRONMENT_FILE]: text }).startKubelet();
    host.unknownFlags = [OUR_FLAG];
    host.startKubelet();

    const agent = await startedAgent(host, { ...POLICY, allowedUnsafeSysctls: 'net.core.rmem_max' });
    await passes(host, agent);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(text);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toMatch(
      /Another party has it in KUBELET_EXTRA_ARGS in \/etc\/default\/kubelet, line 1/u,
    );
    expect(starts(host)).toEqual([]);
  });
});
