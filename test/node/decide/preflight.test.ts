import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { NotRegularFileError } from '../../../agent/node/not-regular.ts';
import type { Shortage } from '../../../agent/node/ports.ts';
import { KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const THEIRS = '# Ansible managed\nKUBELET_EXTRA_ARGS=--v=2\n';
const OURS = "# Ansible managed\nKUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=net.core.somaxconn'\n";
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const MINUTE_MS = 60_000;

async function passes(host: FakeHost, ms: number): Promise<void> {
  host.advance(ms);
  await atRest();
}

async function hostChanged(host: FakeHost, agent: Agent): Promise<void> {
  agent.hostChanged();
  await passes(host, 1000);
}

/** The writes and commands on the host, without state.json. */
function deeds(host: FakeHost): string[] {
  return host.actions.filter(
    (action) => /^(?:write|remove|restart|arm)/.test(action) && !action.endsWith('/state.json'),
  );
}

/** Expects that nothing was done; returns the node's reason. */
function expectHeld(host: FakeHost, state: 'Blocked' | 'Degraded'): string {
  expect(deeds(host)).toEqual([]);
  expect(host.annotations[KEYS.state]).toBe(state);
  return host.annotations[KEYS.reason] ?? '';
}

async function revert(host: FakeHost, agent: Agent, content = THEIRS): Promise<void> {
  await passes(host, 10 * MINUTE_MS);
  host.files.set(ENVIRONMENT_FILE, content);
  await hostChanged(host, agent);
}

/** A node whose file was changed, reverted, changed again and reverted again. */
async function revertedTwice(): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
  const agent = await startedAgent(host, POLICY);
  await revert(host, agent);
  expect(host.files.get(ENVIRONMENT_FILE)).toBe(OURS);
  expect(host.annotations[KEYS.state]).toBe('Done');
  host.actions.length = 0;
  await revert(host, agent);
  return { host, agent };
}

describe('a kubelet that is active but not healthy', () => {
  test('is not changed until it is healthy again', async () => {
    const host = new FakeHost().startKubelet();
    host.healthy = () => false;

    await startedAgent(host, POLICY);
    await passes(host, 11_000);
    expect(expectHeld(host, 'Blocked')).toMatch(
      /kubelet\.service is active, but .*healthz at 127\.0\.0\.1, port 10248/u,
    );
    await passes(host, 1000);
    expectHeld(host, 'Blocked');

    host.healthy = () => true;
    await passes(host, 1000);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });

  test('makes the node Blocked also when nothing is to be changed', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
    }).startKubelet();
    host.healthy = () => false;

    await startedAgent(host, POLICY);
    await passes(host, 11_000);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('healthz');
  });

  test('for some seconds on a slow machine is changed without having been Blocked', async () => {
    const host = new FakeHost().startKubelet();
    let misses = 9;
    host.healthy = () => {
      misses -= 1;
      return misses < 0;
    };

    const agent = await startedAgent(host, POLICY);
    for (let second = 0; second < 10; second += 1) {
      await passes(host, 1000);
      agent.setNode(host.node());
    }

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.actions.join()).not.toMatch(/Blocked/u);
  });

  test('for some seconds on a slow machine stays Done when nothing is to be changed', async () => {
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
    }).startKubelet();
    const agent = await startedAgent(host, POLICY);
    host.advance(100_000);
    await atRest();
    host.actions.length = 0;
    host.healthy = () => false;

    agent.hostChanged();
    await passes(host, 5000);
    host.healthy = () => true;
    await passes(host, 5000);

    expect(host.actions).toEqual([]);
  });

  test('counts as healthy when its healthz is off', async () => {
    const host = new FakeHost();
    host.environment = [...host.environment, 'KUBELET_KUBEADM_ARGS=--healthz-port=0'];
    host.startKubelet();
    host.healthy = () => false;

    await startedAgent(host, POLICY);

    expect(host.restarts).toBe(1);
  });
});

describe('a file system that cannot take the change', () => {
  test.for<readonly [Shortage, RegExp]>([
    [
      { kind: 'bytes', mount: '/var', free: 4096, needed: 1_048_576 },
      /\/var to have 1024 KiB free.*got 4 KiB/u,
    ],
    [{ kind: 'inodes', mount: '/var' }, /\/var to have a free inode/u],
    [{ kind: 'read-only', mount: '/var' }, /\/var to take writes.*read-only/u],
  ])('blocks the change until it can: %j', async ([shortage, said]) => {
    const host = new FakeHost().startKubelet();
    host.shortage = (path) => (path === ENVIRONMENT_FILE ? shortage : undefined);

    await startedAgent(host, POLICY);
    const reason = expectHeld(host, 'Blocked');
    expect(host.actions.filter((action) => action.startsWith('write'))).toEqual([]);
    expect(reason).toMatch(said);
    expect(reason).toMatch(/for \/etc\/default\/kubelet.*Nothing was changed/u);

    host.shortage = () => undefined;
    await passes(host, 29_000);
    expectHeld(host, 'Blocked');
    await passes(host, 2000);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('blocks the change when it is that of the agent’s own folder', async () => {
    const host = new FakeHost().startKubelet();
    host.shortage = (path) =>
      path.startsWith('/var/lib/kubelet-sysctl-agent/') ? { kind: 'inodes', mount: '/' } : undefined;

    await startedAgent(host, POLICY);

    expect(expectHeld(host, 'Blocked')).toContain('/var/lib/kubelet-sysctl-agent');
  });

  test('blocks the change when it is that of the rollback timer or the boot unit', async () => {
    const host = new FakeHost().startKubelet();
    host.shortage = (path) =>
      path.startsWith('/etc/systemd/system/') ? { kind: 'read-only', mount: '/etc/systemd' } : undefined;

    await startedAgent(host, POLICY);

    expect(expectHeld(host, 'Blocked')).toMatch(/\/etc\/systemd to take writes.*read-only/u);
    expect(host.actions).not.toContain('arm');
  });

  test('must have a MiB and four times the size of the file free', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: `#${'x'.repeat(999)}` }).startKubelet();
    const ports = host.ports();
    const asked: unknown[] = [];
    host.ports = () => ({
      ...ports,
      files: {
        ...ports.files,
        shortage: async (path, bytes) => {
          asked.push([path, bytes]);
          return undefined;
        },
      },
    });

    await startedAgent(host, POLICY);

    expect(asked.slice(0, 2)).toEqual([
      [ENVIRONMENT_FILE, 1_048_576 + 4000],
      ['/var/lib/kubelet-sysctl-agent/any', 1_048_576 + 4000],
    ]);
  });
});

describe('an environment file that is not a regular file', () => {
  test.for([
    new NotRegularFileError(ENVIRONMENT_FILE, 'a FIFO', false),
    new NotRegularFileError(ENVIRONMENT_FILE, 'a character device', true),
  ])('is reported at the first pass, and the node is changed once a file replaces it', async (error) => {
    const host = new FakeHost().startKubelet();
    host.unreadable = error;

    const agent = await startedAgent(host, POLICY);
    expect(expectHeld(host, 'Degraded')).toContain(error.message);

    host.unreadable = undefined;
    await hostChanged(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('does not matter when it reads as empty and another file gets the change', async () => {
    const other = '/etc/sysconfig/kubelet';
    const host = new FakeHost();
    host.environmentFiles = [...host.environmentFiles, { path: other, optional: true }];
    host.unreadable = new NotRegularFileError(ENVIRONMENT_FILE, 'a character device', true);
    host.startKubelet();

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.files.get(other)).toContain('net.core.somaxconn');
  });
});

describe('a kubelet whose unit is masked', () => {
  test.for([true, false])('is not changed until it is unmasked (its process runs: %s)', async (runs) => {
    const host = new FakeHost();
    if (runs) {
      host.startKubelet();
    }
    host.loadState = 'masked';

    await startedAgent(host, POLICY);
    const reason = expectHeld(host, 'Blocked');
    expect(reason).toMatch(/^kubelet\.service is masked\. The agent changes nothing until it is unmasked/u);
    expect(reason.includes('old process still runs')).toBe(runs);

    host.loadState = 'loaded';
    host.startKubelet();
    await passes(host, 5000);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('has the link that masks it watched', async () => {
    const host = new FakeHost();
    host.loadState = 'masked';
    const ports = host.ports();
    let watched: readonly string[] = [];
    host.ports = () => ({
      ...ports,
      watch: { ...ports.watch, watchPaths: async (paths) => void (watched = paths) },
    });

    await startedAgent(host, POLICY);

    expect(watched).toContain('/etc/systemd/system/kubelet.service');
    expect(watched).toContain('/run/systemd/system/kubelet.service');
  });
});

describe('a file that another program reverts', () => {
  test('is not changed a third time, and the reason says what to do', async () => {
    const { host, agent } = await revertedTwice();

    const reason = expectHeld(host, 'Degraded');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(THEIRS);
    expect(reason).toContain(
      '/etc/default/kubelet, line 2 no longer has the whole flag: KUBELET_EXTRA_ARGS=--v=2.',
    );
    expect(reason).toContain("KUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=net.core.somaxconn'");
    expect(host.annotations[KEYS.drift]).toContain('missing: net.core.somaxconn');
    expect(host.actions.filter((action) => action === 'event NodeDegraded')).toHaveLength(1);

    await hostChanged(host, agent);
    await passes(host, 60 * MINUTE_MS);
    expectHeld(host, 'Degraded');
  });

  test('is still not changed after a restart of the agent', async () => {
    const { host, agent } = await revertedTwice();
    await agent.stop();

    await startedAgent(host, POLICY);

    expect(expectHeld(host, 'Degraded')).toContain("took the agent's flag out 2 times");
  });

  test('is changed again when the policy wants another list', async () => {
    const { host, agent } = await revertedTwice();

    agent.setConfigMap(host.configMap({ allowedUnsafeSysctls: 'kernel.sem' }));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.running]).toContain('kernel.sem');
  });

  test('is still not changed when the other program writes other bytes without the flag', async () => {
    const { host, agent } = await revertedTwice();

    await revert(host, agent, `# Ansible managed, 11:30\n${THEIRS}`);

    expect(expectHeld(host, 'Degraded')).toContain('/etc/default/kubelet, line 3');
  });

  test('is changed again after each boot, without waiting', async () => {
    const { host, agent } = await revertedTwice();
    await agent.stop();

    for (const boot of ['b', 'c', 'd']) {
      host.files.set(BOOT_ID, `${boot}\n`);
      host.files.set(ENVIRONMENT_FILE, THEIRS);
      host.startKubelet();
      const next = await startedAgent(host, POLICY);
      expect(host.files.get(ENVIRONMENT_FILE)).toBe(OURS);
      expect(host.annotations[KEYS.state]).toBe('Done');
      await next.stop();
    }
  });

  test('is changed again when the kubelet was upgraded, whose package may have replaced it', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
    const agent = await startedAgent(host, POLICY);

    for (const patch of [3, 4, 5]) {
      host.version = `Kubernetes v1.37.${patch}`;
      await revert(host, agent);
      expect(host.files.get(ENVIRONMENT_FILE)).toBe(OURS);
    }
  });

  test('is Done when the other program writes the desired list', async () => {
    const { host, agent } = await revertedTwice();

    host.files.set(ENVIRONMENT_FILE, OURS);
    await hostChanged(host, agent);

    expect(deeds(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test.each([1, 30, 24 * 60])(
    'is not changed a third time when it is reverted every %i min',
    async (minutes) => {
      const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
      const agent = await startedAgent(host, POLICY);

      for (let run = 0; run < 12; run += 1) {
        await passes(host, minutes * MINUTE_MS);
        host.files.set(ENVIRONMENT_FILE, `# run ${run}\n${THEIRS}`);
        host.startKubelet();
        await hostChanged(host, agent);
        await passes(host, MINUTE_MS);
      }

      expect(host.restarts).toBe(2);
      expect(host.annotations[KEYS.state]).toBe('Degraded');
    },
  );

  test('is Observing when the policy only observes', async () => {
    const { host, agent } = await revertedTwice();

    agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Observe' }));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Observing');
  });

  test('is still changed when the agent itself reverted it for another revision', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
    const agent = await startedAgent(host, POLICY);

    for (const names of ['kernel.sem', 'net.core.somaxconn', 'kernel.sem', 'net.core.somaxconn']) {
      agent.setConfigMap(host.configMap({ allowedUnsafeSysctls: names }));
      await passes(host, MINUTE_MS);
      expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: names });
    }
  });
});
