// Other programs that write the kubelet's file again and again, as people's provisioning tools do.

import { describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS, STATE_DIR } from '../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const LINE = 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const MINUTE_MS = 60_000;

interface Scene {
  readonly host: FakeHost;
  readonly agent: Agent;
}

async function scene(): Promise<Scene> {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: `${LINE}\n` }).startKubelet();
  return { host, agent: await startedAgent(host, POLICY) };
}

/** lineinfile without regexp: adds the line where the file does not have it, and restarts the kubelet always. */
async function play({ host, agent }: Scene, line = LINE): Promise<void> {
  const text = host.files.get(ENVIRONMENT_FILE) ?? '';
  if (!text.split('\n').includes(line)) {
    host.files.set(ENVIRONMENT_FILE, `${text}${line}\n`);
  }
  host.startKubelet();
  agent.hostChanged();
  host.advance(1000);
  await atRest();
}

function linesOf(host: FakeHost): number {
  return (host.files.get(ENVIRONMENT_FILE) ?? '').trimEnd().split('\n').length;
}

describe('a program that adds its line where it does not find it', () => {
  test('does not let the file grow, and is left alone after the second time, with its line quoted', async () => {
    const node = await scene();
    const { host } = node;

    for (let run = 0; run < 7; run += 1) {
      host.advance(30 * MINUTE_MS);
      await play(node);
      expect(linesOf(host)).toBeLessThanOrEqual(2);
    }

    expect(host.restarts).toBe(2);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    const reason = host.annotations[KEYS.reason] ?? '';
    expect(reason).toContain(`/etc/default/kubelet, line 2 overrules the flag in line 1: ${LINE}.`);
    expect(reason).toContain(
      "KUBELET_EXTRA_ARGS='--node-ip=10.0.0.11 --allowed-unsafe-sysctls=net.core.somaxconn'",
    );
    expect(reason).toContain("regexp: '^KUBELET_EXTRA_ARGS='");
  });

  test('leads to no growth over many boots, and the node is right again after each', async () => {
    const node = await scene();
    const { host } = node;

    for (const boot of ['b', 'c', 'd', 'e', 'f']) {
      host.files.set(BOOT_ID, `${boot}\n`);
      host.clockSetBy = host.now.getTime();
      await play(node);
      expect(host.annotations[KEYS.state]).toBe('Done');
      expect(linesOf(host)).toBe(1);
      expect(host.runningArgv?.join(' ')).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
    }
  });

  test('is no fight when it adds another variable', async () => {
    const node = await scene();
    const { host } = node;

    for (let run = 0; run < 5; run += 1) {
      await play(node, `NO_PROXY=10.0.0.${run}`);
      expect(host.annotations[KEYS.state]).toBe('Done');
    }

    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.drift]).toBeUndefined();
  });

  test('leaves one line behind after mode Restore', async () => {
    const node = await scene();
    const { host, agent } = node;
    await play(node);
    await play(node);
    expect(linesOf(host)).toBe(2);

    agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Restore' }));
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(`${LINE}\n`);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('a program that takes the flag out', () => {
  test('is counted once when it also stops the kubelet while the agent puts the flag in again', async () => {
    const node = await scene();
    const { host, agent } = node;
    host.onSleep = () => {
      // Once, while the restarted kubelet is watched.
      if (host.restarts === 2 && host.active) {
        host.active = false;
        host.endKubelet({ isByJob: true, code: 'exited', status: 0, result: 'success' });
      }
    };
    agent.setConfigMap(host.configMap({ ...POLICY, nodeSoakSeconds: '5' }));
    await atRest();
    await play(node);
    expect(host.runningArgv).toBeUndefined();

    host.onSleep = () => {};
    host.active = true;
    host.startKubelet();
    agent.hostChanged();
    host.advance(5000);
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv?.join()).toContain('somaxconn');
  });

  test('while another program ends the kubelet is named, and the list that the next start lacks is not restarted away', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: `${LINE}\n` }).startKubelet();
    host.onSleep = () => {
      if (host.restarts === 1 && host.runningArgv?.join().includes('somaxconn') === true) {
        host.endKubelet({ isByJob: true, code: 'exited', status: 0, result: 'success' });
      } else if (host.runningArgv === undefined) {
        host.files.set(ENVIRONMENT_FILE, `# from the template\n${LINE}\n`);
        host.startKubelet();
      }
    };

    await startedAgent(host, { ...POLICY, nodeSoakSeconds: '5' });
    await atRest();

    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.reason]).toContain(
      `/etc/default/kubelet, line 2 no longer has the whole flag: ${LINE}`,
    );
    expect(host.annotations[KEYS.reason]).toContain('was rolled back');
    const { starts }: { starts?: unknown[] } = JSON.parse(host.files.get(`${STATE_DIR}/state.json`) ?? '{}');
    expect(starts).toHaveLength(1);
  });
});

describe('an administrator who edits the variable and keeps the flag', () => {
  test('is no other writer, however often', async () => {
    const { host, agent } = await scene();

    for (let edit = 0; edit < 6; edit += 1) {
      host.files.set(
        ENVIRONMENT_FILE,
        `KUBELET_EXTRA_ARGS=--v=${edit} --allowed-unsafe-sysctls=net.core.somaxconn\n`,
      );
      agent.hostChanged();
      host.advance(1000);
      await atRest();
      expect(host.annotations[KEYS.state]).toBe('Done');
    }

    expect(host.restarts).toBe(1);
  });
});

describe('a program that assigns the variable in a later file', () => {
  test('is named with its file and line after the second time', async () => {
    const later = '/etc/sysconfig/kubelet';
    const host = new FakeHost({ [ENVIRONMENT_FILE]: `${LINE}\n` });
    host.environmentFiles = [...host.environmentFiles, { path: later, optional: true }];
    host.files.set(later, '# nothing\n');
    host.startKubelet();
    const agent = await startedAgent(host, POLICY);
    for (let run = 0; run < 3; run += 1) {
      host.files.set(later, `# run ${run}\nKUBELET_EXTRA_ARGS=--v=${run}\n`);
      host.startKubelet();
      agent.hostChanged();
      host.advance(1000);
      await atRest();
    }

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain(
      '/etc/sysconfig/kubelet, line 2 overrules the flag in /etc/default/kubelet, line 1: KUBELET_EXTRA_ARGS=--v=2.',
    );
  });
});

/** A host whose unit edits the file in ExecStartPre=, before each start that the agent makes. */
function hostWithPreStart(edit: (text: string) => string): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: `${LINE}\n` }).startKubelet();
  host.fault = (action) => {
    if (action === 'restart') {
      host.files.set(ENVIRONMENT_FILE, edit(host.files.get(ENVIRONMENT_FILE) ?? ''));
    }
    return undefined;
  };
  return host;
}

describe('a unit whose ExecStartPre= takes the flag out', () => {
  test('costs one start a try and is left alone after the second', async () => {
    const host = hostWithPreStart(() => `# from the template\n${LINE}\n`);

    await startedAgent(host, POLICY);
    expect(host.annotations[KEYS.reason]).toContain('was rolled back');
    expect(host.annotations[KEYS.reason]).toContain(
      `/etc/default/kubelet, line 2 no longer has the whole flag: ${LINE}`,
    );
    for (let minutes = 0; minutes < 90; minutes += 1) {
      host.advance(MINUTE_MS);
      await atRest();
    }

    expect(host.restarts).toBe(2);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain("took the agent's flag out 2 times");
    expect(host.annotations[KEYS.reason]).toContain("between the agent's write and the kubelet's start");
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(`# from the template\n${LINE}\n`);
  });

  test('is tried again when the policy has wanted something else in between', async () => {
    const host = hostWithPreStart(() => `${LINE}\n`);
    const agent = await startedAgent(host, POLICY);
    host.advance(MINUTE_MS);
    await atRest();
    expect(host.annotations[KEYS.reason]).toContain('flag out 2 times');

    agent.setConfigMap(host.configMap({ ...POLICY, allowedUnsafeSysctls: 'net.ipv4.tcp_syncookies' }));
    await atRest();
    host.fault = () => undefined;
    agent.setConfigMap(host.configMap(POLICY));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is no other writer when it edits other words', async () => {
    const host = hostWithPreStart((text) => text.replace('10.0.0.11', '10.0.0.12'));

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });
});
