import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { INPUT_KEYS, KEYS, STATE_DIR } from '../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const WRITTEN = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n';

let agent: Agent | undefined;

async function startAgent(
  host: FakeHost,
  data: Readonly<Record<string, string>> | undefined = POLICY,
): Promise<Agent> {
  agent = await startedAgent(host, data);
  return agent;
}

/** Starts an agent, waits until it is idle, and counts its passes from then on. */
async function counted(host: FakeHost): Promise<{ passes: number }> {
  const seen = { passes: 0 };
  agent = await startedAgent(host, POLICY, { onReported: () => (seen.passes += 1) });
  seen.passes = 0;
  return seen;
}

async function edit(host: FakeHost, data: Readonly<Record<string, string>>): Promise<void> {
  agent?.setConfigMap(host.configMap(data));
  await atRest();
}

async function hostChanged(host: FakeHost): Promise<void> {
  agent?.hostChanged();
  host.advance(1000);
  await atRest();
}

/** The pauses between the tries of a report that is refused for two minutes. */
async function pausesWhere(host: FakeHost, refusal: Error): Promise<readonly number[]> {
  const tries: number[] = [];
  await startAgent(host);
  host.fault = (action) => {
    if (!action.startsWith('patch')) return undefined;
    tries.push(host.now.getTime());
    return refusal;
  };
  await edit(host, { allowedUnsafeSysctls: 'net.core.somaxconn', mode: 'Observe' });
  for (let second = 0; second < 120; second += 1) {
    host.advance(1000);
    await atRest();
  }
  return tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
}

beforeEach(() => {
  agent = undefined;
});

describe('a Node update', () => {
  test('causes no pass when the agent itself has just written it', async () => {
    const host = new FakeHost().startKubelet();
    const seen = await counted(host);

    agent?.setNode(host.node());
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(seen.passes).toBe(0);
  });

  test('causes one pass when another party has written the Node, also together with the agent’s report', async () => {
    const host = new FakeHost().startKubelet();
    const seen = await counted(host);

    host.labels['pool'] = 'web';
    agent?.setNode(host.node());
    await atRest();

    expect(seen.passes).toBe(1);
  });

  test('causes one pass when an annotation returns that was removed while the agent’s report was in flight', async () => {
    const host = new FakeHost().startKubelet();
    host.labels['pool'] = 'web';
    const seen = await counted(host);
    const answer = Promise.withResolvers<void>();
    host.answering = () => answer.promise;

    agent?.setConfigMap(host.configMap({ ...POLICY, mode: 'Observe' }));
    await atRest();
    delete host.labels['pool'];
    agent?.setNode(host.node());
    answer.resolve();
    await atRest();
    seen.passes = 0;
    host.labels['pool'] = 'web';
    agent?.setNode(host.node());
    await atRest();

    expect(seen.passes).toBe(1);
  });
});

describe('a node that lacks a desired allowance', () => {
  test('gets the file, one restart, and a report of the running list', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(WRITTEN);
    expect(host.restarts).toBe(1);
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.desired]: 'net.core.somaxconn',
      [KEYS.running]: 'net.core.somaxconn',
    });
    expect(host.annotations[KEYS.appliedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
    expect(host.annotations).not.toHaveProperty([KEYS.drift]);
    expect(host.labels[KEYS.state]).toBe('Done');
  });

  test('has journal and rollback timer before its file is written, and neither after the change', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host);

    const written = host.actions.filter((action) => !/^(?:patch|event)/.test(action));
    // The first two run concurrently.
    expect(written.slice(0, 2).toSorted()).toEqual(['arm', 'write /var/lib/kubelet-sysctl-agent/change']);
    expect(written.slice(2)).toEqual([
      `write ${ENVIRONMENT_FILE}`,
      'restart',
      'write /var/lib/kubelet-sysctl-agent/state.json',
      'remove /var/lib/kubelet-sysctl-agent/change',
      'disarm',
    ]);
    expect(host.armed).toBeUndefined();
  });

  test('reports a short change once verified and once after the soak, without an Event', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host);
    host.advance(1000);
    await atRest();

    expect(host.actions.filter((action) => /^(?:patch|event)/.test(action))).toEqual([
      'patch Working',
      'patch Done',
    ]);
  });

  test('writes one report for a change without a soak', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, { ...POLICY, nodeSoakSeconds: '0' });
    host.advance(1000);
    await atRest();

    expect(host.actions.filter((action) => /^(?:patch|event)/.test(action))).toEqual(['patch Done']);
  });

  test('shows Working while a change takes longer than a second', async () => {
    const host = new FakeHost().startKubelet();
    const restarted = Promise.withResolvers<void>();
    host.restarted = () => restarted.promise;

    await startAgent(host);
    expect(host.actions.at(-1)).toBe('restart');
    host.advance(1000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Working');

    restarted.resolve();
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

test('passMs is how long the pass under way has lasted, and 0 while none is', async () => {
  const host = new FakeHost().startKubelet();
  const restart = Promise.withResolvers<void>();
  host.restarted = () => restart.promise;
  agent = await startedAgent(host, {
    allowedUnsafeSysctls: 'net.core.somaxconn',
    nodeSoakSeconds: '0',
  });
  host.now = new Date(host.now.getTime() + 900_000);
  expect(agent.passMs()).toBeGreaterThanOrEqual(900_000);
  restart.resolve();
  for (let turn = 0; turn < 5; turn += 1) await atRest();
  expect(agent.passMs()).toBe(0);
});

describe('the watch of the files', () => {
  test('watches the files before the observation on which a change is decided', async () => {
    const host = new FakeHost().startKubelet();
    host.watching = async () => {
      // Another party writes the file after the agent's first observation, and before any watch could report it.
      host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--v=4\n');
    };

    await startAgent(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('--v=4');
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });

  test('polls the files every ten seconds when they cannot be watched, and logs that once', async () => {
    const host = new FakeHost().startKubelet();
    host.watching = () => Promise.reject(new Error('EMFILE: too many open files, watch'));
    await startAgent(host);
    expect(host.annotations[KEYS.state]).toBe('Done');
    host.actions.length = 0;

    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=\n');
    host.advance(10_000);
    await atRest();
    for (let times = 0; times < 20; times += 1) {
      host.advance(10_000);
      await atRest();
    }

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('somaxconn');
    expect(host.actions.filter((action) => action.startsWith('patch')).length).toBeLessThanOrEqual(3);
  });
});

describe('nothing differs', () => {
  test('a second pass writes nothing', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.actions.length = 0;

    await hostChanged(host);

    expect(host.actions).toEqual([]);
  });

  test("the agent's own restart writes nothing and restarts nothing", async () => {
    const host = new FakeHost().startKubelet();
    await (await startAgent(host)).stop();
    host.actions.length = 0;

    await startAgent(host);

    expect(host.actions).toEqual([]);
  });

  test('a hand-edited node that already allows it is adopted without a restart', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n',
    }).startKubelet();

    await startAgent(host);

    expect(host.restarts).toBe(0);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n');
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('three-way merge', () => {
  test('removes a name that the ConfigMap drops, and keeps one that another party added', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n',
    }).startKubelet();
    await startAgent(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax' });
    expect(host.annotations[KEYS.running]).toBe('kernel.sem,kernel.msgmax,net.core.somaxconn');

    await edit(host, { allowedUnsafeSysctls: 'kernel.msgmax' });

    expect(host.annotations[KEYS.running]).toBe('kernel.sem,kernel.msgmax');
    expect(host.annotations[KEYS.drift]).toContain('unmanaged: kernel.sem');
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(2);
  });

  test('a restarted agent still knows which names it applied', async () => {
    const host = new FakeHost().startKubelet();
    await (await startAgent(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax' })).stop();

    await startAgent(host, { allowedUnsafeSysctls: 'kernel.msgmax' });

    expect(host.annotations[KEYS.running]).toBe('kernel.msgmax');
  });
});

describe('unmanaged: Remove', () => {
  test('removes names that the policy does not have from the file and from the running kubelet', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn\n',
    }).startKubelet();

    await startAgent(host, { ...POLICY, unmanaged: 'Remove' });

    expect(host.annotations[KEYS.running]).toBe('net.core.somaxconn');
    expect(host.annotations).not.toHaveProperty([KEYS.drift]);
    expect(host.restarts).toBe(1);
  });

  test('makes another revision, also on a node that it does not change', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    const kept = host.annotations[KEYS.desiredRevision];
    host.actions.length = 0;

    await edit(host, { ...POLICY, unmanaged: 'Remove' });

    expect(host.annotations[KEYS.desiredRevision]).not.toBe(kept);
    expect(host.annotations[KEYS.appliedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(0);
  });
});

describe('mode: Restore', () => {
  test('removes what the agent added, and keeps what another party added', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n',
    }).startKubelet();
    await startAgent(host);
    expect(host.annotations[KEYS.running]).toBe('kernel.sem,net.core.somaxconn');

    await edit(host, { ...POLICY, mode: 'Restore' });

    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n');
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.sem' });
    expect(host.annotations[KEYS.desired] ?? '').toBe('');
    expect(host.annotations[KEYS.appliedRevision]).toBe(host.annotations[KEYS.desiredRevision]);
  });

  test('changes nothing on a node where the agent added nothing', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=2\n' }).startKubelet();

    await startAgent(host, { mode: 'Restore' });

    expect(host.restarts).toBe(0);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--v=2\n');
  });
});

describe('drift', () => {
  test('reverts a hand edit that removes our name, without a restart while the kubelet still runs with it', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=\n');
    host.actions.length = 0;

    await hostChanged(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
    expect(host.restarts).toBe(0);
    expect(host.actions.filter((action) => action.startsWith('event'))).toEqual([
      'event ConfigDriftDetected',
      'event NodeDone',
    ]);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations).not.toHaveProperty([KEYS.drift]);
  });

  test('reports another party’s name that waits for a restart, and does not restart for it', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.files.set(
      ENVIRONMENT_FILE,
      'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn,kernel.sem\n',
    );

    await hostChanged(host);

    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.drift]).toMatch(/unmanaged: kernel\.sem.*pending restart: \+kernel\.sem/);
  });

  test('reports a list in config.yaml that the kubelet was not started with as pending restart', async () => {
    const host = new FakeHost({ [CONFIG_FILE]: 'allowedUnsafeSysctls: []\n' }).startKubelet();
    await startAgent(host, { ...POLICY, mode: 'Observe' });

    host.files.set(CONFIG_FILE, 'allowedUnsafeSysctls: [kernel.sem]\n');
    await hostChanged(host);
    expect(host.annotations[KEYS.running]).toBe('');
    expect(host.annotations[KEYS.drift]).toContain('pending restart: +kernel.sem');

    host.startKubelet();
    await hostChanged(host);
    expect(host.annotations[KEYS.running]).toBe('kernel.sem');
    expect(host.annotations[KEYS.drift]).not.toContain('pending restart');
  });

  test('mode Observe reports drift and changes nothing', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, { ...POLICY, mode: 'Observe' });

    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.restarts).toBe(0);
    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Observing',
      [KEYS.drift]: expect.stringContaining('missing: net.core.somaxconn'),
    });
  });

  test('a paused policy changes nothing', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, { ...POLICY, paused: 'true' });

    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Observing');
  });

  test('a paused node is not changed, and its reason says how to resume', async () => {
    const host = new FakeHost().startKubelet();
    host.annotations[INPUT_KEYS.paused] = 'true';

    await startAgent(host);
    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.reason]).toMatch(
      /^This node is paused \(kubectl annotate node n1 kubelet-sysctl-agent\/paused- ends that\)\. Would change: /u,
    );

    delete host.annotations[INPUT_KEYS.paused];
    agent?.setNode(host.node());
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('a change that fails', () => {
  const before = 'KUBELET_EXTRA_ARGS=--v=3\n';
  const LINE = 'E1124 02:00:00.000000 1 run.go:72] "command failed" err="failed to run Kubelet: no"';
  const dies = (argv: readonly string[]): string | undefined =>
    argv.some((word) => word.includes('somaxconn')) ? LINE : undefined;

  test('is rolled back to the exact bytes, and the reason has the kubelet’s error line', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    host.crash = dies;

    await startAgent(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.runningArgv).toContain('--v=3');
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('failed to run Kubelet: no');
    expect(host.actions).toContain('event NodeDegraded');
  });

  test('has the kubelet’s error line in its reason also when journald stores it late', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    host.crash = dies;
    host.journalLags = 3;

    await startAgent(host);

    expect(host.annotations[KEYS.reason]).toContain('failed to run Kubelet: no');
  });

  test('is rolled back to no file when there was none', async () => {
    const host = new FakeHost().startKubelet();
    host.crash = dies;

    await startAgent(host);

    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
  });

  test('is retried with exponential backoff', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    host.crash = dies;
    await startAgent(host);
    expect(host.restarts).toBe(2);

    await hostChanged(host);
    expect(host.restarts).toBe(2);

    host.advance(31_000);
    await atRest();
    expect(host.restarts).toBe(4);

    host.advance(31_000);
    await atRest();
    expect(host.restarts).toBe(4);

    host.crash = () => undefined;
    host.advance(31_000);
    await atRest();
    expect(host.restarts).toBe(4);

    host.advance(1_200_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is retried at once when the policy changes', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    host.crash = dies;
    await startAgent(host);

    await edit(host, { allowedUnsafeSysctls: 'kernel.sem' });

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.running]).toBe('kernel.sem');
  });

  test('has failed when the kubelet does not report its node to the API server', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before });
    host.reports = false;
    host.startKubelet();

    await startAgent(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('the kubelet did not report its node to the API server');
  });

  test('is not begun when its journal cannot be written, and is retried', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    let full = true;
    host.fault = (action) =>
      full && action.endsWith('/change') ? new Error('ENOSPC: no space left on device') : undefined;

    await startAgent(host);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.actions.filter((action) => /^(?:write|remove|restart)/.test(action))).toEqual([]);
    expect(host.armed).toBeUndefined();

    full = false;
    host.advance(1000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });

  test('leaves the file and reports why when the file cannot be written', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: before }).startKubelet();
    host.fault = (action) =>
      action === `write ${ENVIRONMENT_FILE}` ? new Error('EROFS: read-only file system') : undefined;

    await startAgent(host);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.restarts).toBe(0);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('EROFS');
  });
});

describe('a ConfigMap that is not valid', () => {
  test('changes no node, is reported on Node and ConfigMap, and keeps the last valid policy in force', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.actions.length = 0;

    await edit(host, { allowedUnsafeSysctls: 'kernel.*\n' });

    expect(host.restarts).toBe(0);
    expect(host.actions).toContain('configmap-event PolicyInvalid');
    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.running]: 'net.core.somaxconn',
      [KEYS.policyError]: expect.stringContaining('kernel.*'),
    });

    host.files.set(ENVIRONMENT_FILE, '');
    await hostChanged(host);
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
  });

  test('keeps the last valid policy in force after a restart of the agent', async () => {
    const host = new FakeHost().startKubelet();
    await (await startAgent(host)).stop();
    host.files.set(ENVIRONMENT_FILE, '');

    await startAgent(host, { allowedUnsafeSysctls: 'kernel.*\n' });

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
  });

  test('keeps the last valid policy in force also on a node that needed no change for it', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
    }).startKubelet();
    await (await startAgent(host)).stop();
    host.files.set(ENVIRONMENT_FILE, '');

    await startAgent(host, { allowedUnsafeSysctls: 'kernel.*\n' });

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
  });

  test('a deleted ConfigMap is reported and changes nothing', async () => {
    const host = new FakeHost().startKubelet();
    const started = await startAgent(host);

    started.setConfigMap(undefined);
    await atRest();

    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.policyError]).toContain('agent/kubelet-sysctls');
    expect(host.annotations[KEYS.running]).toBe('net.core.somaxconn');
  });

  test('is reported once, not at every pass', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host, { allowedUnsafeSysctls: 'vm.swappiness\n' });
    host.actions.length = 0;

    await hostChanged(host);

    expect(host.actions).toEqual([]);
  });

  test('changes nothing when there was no valid policy before it', async () => {
    const host = new FakeHost().startKubelet();

    await startAgent(host, {});

    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.policyError]).toBeDefined();
  });
});

describe('nodes that cannot be changed', () => {
  test('a unit without the variable is Unreconcilable and says what was found', async () => {
    const host = new FakeHost();
    host.execStart = ['/usr/bin/kubelet', '$KUBELET_OPTS'];
    host.startKubelet();

    await startAgent(host);

    expect(host.restarts).toBe(0);
    expect(host.annotations[KEYS.state]).toBe('Unreconcilable');
    expect(host.annotations[KEYS.reason]).toContain('$KUBELET_OPTS');
  });

  test('a kubelet that an admin stopped stays stopped and is reported', async () => {
    const host = new FakeHost();
    host.active = false;

    await startAgent(host);

    expect(host.restarts).toBe(0);
    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });

  test('a file that systemd would drop is left alone and the reason names line and byte', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: 'A=1\nB=\0\n' }).startKubelet();

    await startAgent(host);

    expect(host.restarts).toBe(0);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toMatch(/line 2/);
  });
});

describe('what was configured elsewhere', () => {
  test('the list of config.yaml is folded in, since the flag replaces it', async () => {
    const host = new FakeHost({ [CONFIG_FILE]: 'allowedUnsafeSysctls: [kernel.sem]\n' }).startKubelet();

    await startAgent(host);

    expect(host.annotations[KEYS.running]).toBe('kernel.sem,net.core.somaxconn');
  });

  test('arguments of Environment= in a drop-in stay in force', async () => {
    const host = new FakeHost();
    host.environment = [...host.environment, 'KUBELET_EXTRA_ARGS=--v=3'];
    host.startKubelet();

    await startAgent(host);

    expect(host.runningArgv).toContain('--v=3');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(
      'KUBELET_EXTRA_ARGS=--v=3\\ --allowed-unsafe-sysctls=net.core.somaxconn\n',
    );
  });
});

describe('a host that does not answer', () => {
  test('is reported on the node after three failed passes, and no longer after a successful one', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.unreadable = new Error('EACCES: permission denied, open /etc/default/kubelet');

    await hostChanged(host);
    expect(host.annotations[KEYS.state]).toBe('Done');
    for (let pass = 0; pass < 3; pass += 1) {
      host.advance(10_000);
      await atRest();
    }
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('EACCES');
    expect(host.annotations[KEYS.desired]).toBe('net.core.somaxconn');

    host.unreadable = undefined;
    host.advance(15_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('an API server that does not accept reports', () => {
  test('a report refused with 429 is retried after Retry-After, with growing pauses', async () => {
    const host = new FakeHost().startKubelet();
    const refusal = Object.assign(new Error('Too Many Requests'), { status: 429, retryAfterMs: 1000 });

    const pauses = await pausesWhere(host, refusal);

    // The second of Retry-After, and half of 5, 10, 20, 40 and 60 s.
    expect(pauses.map((ms) => Math.round(ms / 1000))).toEqual([4, 6, 11, 21, 31, 31]);
  });

  test('a report refused for long is retried at least every 10 s, and not by all nodes at once', async () => {
    const host = new FakeHost().startKubelet();

    const refusal = Object.assign(new Error('Service Unavailable'), { status: 503, retryAfterMs: 1000 });
    const pauses = await pausesWhere(host, refusal);

    // Half of it: the random number of a FakeHost is always 0.5.
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5000);
    expect(pauses.length).toBeGreaterThanOrEqual(20);
    host.fault = () => undefined;
    host.advance(10_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Observing');
  });

  test('drift is fixed while the API server is unreachable, and reported when it is back', async () => {
    const host = new FakeHost().startKubelet();
    await startAgent(host);
    host.apiServer = false;
    host.files.set(ENVIRONMENT_FILE, '');
    await hostChanged(host);
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');

    host.apiServer = true;
    agent?.setConfigMap(host.configMap({ allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' }));
    await atRest();
    expect(host.annotations[KEYS.running]).toBe('net.core.somaxconn,kernel.sem');
  });
});

test.each([
  ['does not answer', new Error('connect ECONNREFUSED')],
  ['answers 503', Object.assign(new Error('unavailable'), { status: 503 })],
])(
  'the report of Done reaches an API server within 10 s that %s for ten minutes from then on',
  async (_, refusal) => {
    const host = new FakeHost().startKubelet();
    host.fault = (action) => (action === 'patch Done' ? refusal : undefined);
    await startAgent(host);
    for (let second = 0; second < 600; second += 1) {
      host.advance(1000);
      await atRest();
    }
    expect(host.annotations[KEYS.state]).not.toBe('Done');
    host.fault = () => undefined;
    host.advance(10_000);
    await atRest();
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'net.core.somaxconn' });
    expect(host.restarts).toBe(1);
  },
);

test('an agent whose policy goes away after mode Restore leaves nothing in its folder on the host', async () => {
  const host = new FakeHost().startKubelet();
  const started = await startAgent(host);
  started.setConfigMap(host.configMap({ ...POLICY, mode: 'Restore' }));
  await atRest();
  expect(host.annotations[KEYS.state]).toBe('Done');

  started.setConfigMap(undefined);
  await atRest();

  expect([...host.files.keys()].filter((path) => path.startsWith(STATE_DIR))).toEqual([]);
});
