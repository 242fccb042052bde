import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS } from '../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';
import { WEB_POD } from './web-pod.ts';

const BOTH = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax' };
const ONE = { allowedUnsafeSysctls: 'kernel.msgmax' };
const THREE = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax,kernel.sem' };
const FLAG = '--allowed-unsafe-sysctls=kernel.msgmax,net.core.somaxconn';

const refuse = (action: string): Error | undefined =>
  action === 'pods' ? new Error('The API server answered 403: pods is forbidden') : undefined;

let agent: Agent | undefined;

async function startAgent(host: FakeHost, data: Readonly<Record<string, string>>): Promise<Agent> {
  agent = await startedAgent(host, data);
  return agent;
}

/** A node that was brought to BOTH, where the pod runs; nothing is recorded yet. */
async function inUse(files: Readonly<Record<string, string>> = {}): Promise<FakeHost> {
  const host = new FakeHost(files).startKubelet();
  await startAgent(host, BOTH);
  host.pods = [WEB_POD];
  host.actions.length = 0;
  host.podLooks.length = 0;
  return host;
}

async function edit(host: FakeHost, data: Readonly<Record<string, string>>): Promise<void> {
  agent?.setConfigMap(host.configMap(data));
  await atRest();
}

async function pass(host: FakeHost, ms: number): Promise<void> {
  host.advance(ms);
  await atRest();
}

/** What the watch brings after each of our own patches. */
async function nodeSeen(host: FakeHost): Promise<void> {
  agent?.setNode(host.node());
  await atRest();
}

const touched = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => action === 'restart' || action.endsWith(ENVIRONMENT_FILE));

beforeEach(() => {
  agent = undefined;
});

describe('an allowance that a running pod uses and the policy drops', () => {
  test('stays, with nothing written, no restart, and the pod named in the reason', async () => {
    const host = await inUse();

    await edit(host, ONE);

    expect(touched(host)).toEqual([]);
    expect(host.files.get(ENVIRONMENT_FILE)).toContain(FLAG);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('shop/web: net.core.somaxconn');
    expect(host.annotations[KEYS.running]).toBe('kernel.msgmax,net.core.somaxconn');
    expect(host.actions).toEqual([
      'write /var/lib/kubelet-sysctl-agent/state.json',
      'patch Blocked',
      'event NodeBlocked',
    ]);
  });

  test('goes by itself once the pod is gone', async () => {
    const host = await inUse();
    await edit(host, ONE);

    host.pods = [];
    await pass(host, 7000);

    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
    expect(host.restarts).toBe(1);
  });

  test('is asked after more and more seldom, and told once', async () => {
    const host = await inUse();
    await edit(host, ONE);
    await nodeSeen(host);
    expect(host.podLooks).toEqual([false]);

    for (let second = 0; second < 600; second += 1) {
      await pass(host, 1000);
      await nodeSeen(host);
    }

    // 5, 5, 10, 20, 40 and then 60 s, each a little longer.
    expect(host.podLooks.length).toBeGreaterThan(10);
    expect(host.podLooks.length).toBeLessThan(17);
    expect(host.podLooks).not.toContain(true);
    expect(host.actions.filter((action) => action.startsWith('patch'))).toEqual(['patch Blocked']);
    expect(host.actions.filter((action) => action.startsWith('event'))).toEqual(['event NodeBlocked']);
  });

  test('goes at once when the policy says Proceed, without a question', async () => {
    const host = await inUse();
    await edit(host, ONE);
    host.podLooks.length = 0;

    await edit(host, { ...ONE, inUse: 'Proceed' });

    expect(host.podLooks).toEqual([]);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('is no hindrance any more when the policy names it again', async () => {
    const host = await inUse();
    await edit(host, ONE);

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(touched(host)).toEqual([]);
  });

  test('is asked after at once when it is dropped anew', async () => {
    const host = await inUse();
    await edit(host, ONE);
    await edit(host, BOTH);
    host.pods = [];

    await edit(host, ONE);

    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('holds mode: Restore up as well', async () => {
    const host = await inUse();

    await edit(host, { ...BOTH, mode: 'Restore' });

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });

  test('blocks again after the agent’s own restart, without another Event', async () => {
    const host = await inUse();
    await edit(host, ONE);
    await agent?.stop();
    host.actions.length = 0;

    await startAgent(host, ONE);

    expect(host.actions).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });
});

describe('other people’s removals that only wait for a restart', () => {
  test('block a restart that the policy wants for a name of its own', async () => {
    const host = await inUse({ [CONFIG_FILE]: 'allowedUnsafeSysctls: [kernel.shmmax]\n' });
    host.pods = [{ ...WEB_POD, sysctls: ['kernel.shmmax'] }];
    host.files.set(CONFIG_FILE, 'allowedUnsafeSysctls: []\n');
    host.files.set(ENVIRONMENT_FILE, `KUBELET_EXTRA_ARGS='${FLAG}'\n`);

    await edit(host, THREE);

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('shop/web: kernel.shmmax');
  });
});

describe('a change that no pod minds', () => {
  test('asks for none where nothing is taken away', async () => {
    const host = await inUse();

    await edit(host, THREE);

    expect(host.podLooks).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('asks in vain, and does nothing, where the file was given what the policy asks for meanwhile', async () => {
    const host = await inUse();
    await nodeSeen(host);
    host.files.set(ENVIRONMENT_FILE, `KUBELET_EXTRA_ARGS='${FLAG},kernel.sem'\n`);
    host.startKubelet();

    await edit(host, THREE);

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('asks for the latest right before a restart that takes something away', async () => {
    const host = await inUse();
    host.pods = [];

    await edit(host, ONE);

    expect(host.podLooks).toEqual([false, true]);
  });

  test('asks nothing when only the file is healed', async () => {
    const host = await inUse();
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
    expect(host.podLooks).toEqual([]);
  });
});

describe('a pod that comes between the look and the restart', () => {
  test.each([
    ['a file', "# ours\nKUBELET_EXTRA_ARGS='--v=2'\n"],
    ['no final newline', 'KUBELET_EXTRA_ARGS=--v=2'],
  ])('has the change taken back to the exact bytes, without a restart (%s)', async (_title, original) => {
    const host = await inUse({ [ENVIRONMENT_FILE]: original });
    const before = host.files.get(ENVIRONMENT_FILE);
    host.pods = [];
    host.fault = (action) => {
      if (action === `write ${ENVIRONMENT_FILE}`) host.pods = [WEB_POD];
      return undefined;
    };

    await edit(host, ONE);

    expect(touched(host)).toEqual([`write ${ENVIRONMENT_FILE}`, `write ${ENVIRONMENT_FILE}`]);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.files.has('/var/lib/kubelet-sysctl-agent/change')).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('shop/web: net.core.somaxconn');
    expect(host.restarts).toBe(0);

    // Our own report comes back by the watch: no reason to write the file again.
    await nodeSeen(host);
    expect(touched(host)).toHaveLength(2);

    host.fault = () => undefined;
    host.pods = [];
    await pass(host, 7000);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('where nothing had to be written leaves the file untouched', async () => {
    const host = await inUse();
    // By hand: what the policy is about to drop is out of the file already, and waits for a restart.
    host.files.set(ENVIRONMENT_FILE, "KUBELET_EXTRA_ARGS='--allowed-unsafe-sysctls=kernel.msgmax'\n");
    host.pods = [];
    host.fault = (action) => {
      if (action.endsWith('/change')) host.pods = [WEB_POD];
      return undefined;
    };

    await edit(host, ONE);

    expect(host.podLooks).toEqual([false, true]);
    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });
});

describe('the pods cannot be asked for', () => {
  test('a restart that would take something away is not made, and the reason says so', async () => {
    const host = await inUse();
    host.pods = [];
    host.fault = refuse;

    await edit(host, ONE);

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toMatch(/would remove net\.core\.somaxconn.*pods is forbidden/u);

    host.fault = () => undefined;
    await pass(host, 7000);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('one that only adds is made all the same', async () => {
    const host = await inUse();
    host.fault = refuse;

    await edit(host, THREE);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.podLooks).toEqual([]);
  });

  test('only after the write: what would be taken away stays, to the byte', async () => {
    const host = await inUse();
    const before = host.files.get(ENVIRONMENT_FILE);
    host.pods = [];
    host.fault = (action) => (host.podLooks.includes(true) ? refuse(action) : undefined);

    await edit(host, ONE);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.restarts).toBe(0);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });

  test('with the whole API server away nothing is taken away, and it goes on when that is back', async () => {
    const host = await inUse();
    host.pods = [];
    host.apiServer = false;
    await edit(host, ONE);
    expect(touched(host)).toEqual([]);

    host.apiServer = true;
    await pass(host, 7000);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });
});

describe('a policy that changes nothing', () => {
  test.each([
    ['Observe', { mode: 'Observe' }, /Would wait for the end of what uses it: shop\/web/u],
    ['paused', { paused: 'true' }, /Would wait for the end of what uses it: shop\/web/u],
    ['Proceed', { mode: 'Observe', inUse: 'Proceed' }, /Would end what uses it: shop\/web/u],
  ])('says which pods would be hit (%s)', async (_title, keys, expected) => {
    const host = await inUse();

    await edit(host, { ...ONE, ...keys });

    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.reason]).toMatch(expected);
    expect(touched(host)).toEqual([]);
  });

  test('says nothing of pods where none would be, and asks nothing where no restart would be', async () => {
    const host = await inUse();
    await edit(host, { ...THREE, mode: 'Observe' });
    expect(host.annotations[KEYS.reason]).not.toContain('shop/web');
    host.podLooks.length = 0;

    await edit(host, { ...BOTH, mode: 'Observe' });
    expect(host.podLooks).toEqual([]);
  });
});

describe('a config file that was edited by hand while the kubelet runs with its old list', () => {
  const CONFIG = 'kind: KubeletConfiguration\n';

  test.each([
    ['goes on running', false],
    ['was replaced meanwhile', true],
  ])(
    'keeps a pod from being ended by the next edit of the policy, when the agent %s',
    async (_how, replaced) => {
      const host = new FakeHost({
        [CONFIG_FILE]: `${CONFIG}allowedUnsafeSysctls: [net.core.somaxconn, kernel.sem]\n`,
      }).startKubelet();
      let current = await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem', nodeSoakSeconds: '0' });
      host.pods = [WEB_POD];
      host.files.set(CONFIG_FILE, `${CONFIG}allowedUnsafeSysctls: [kernel.sem]\n`);
      current.hostChanged();
      host.advance(1000);
      await atRest();
      if (replaced) {
        await current.stop();
        current = await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem', nodeSoakSeconds: '0' });
      }

      current.setConfigMap(
        host.configMap({ allowedUnsafeSysctls: 'kernel.sem,kernel.msgmax', nodeSoakSeconds: '0' }),
      );
      await atRest();

      expect(host.restarts).toBe(0);
      expect(host.annotations[KEYS.state]).toBe('Blocked');
      expect(host.annotations[KEYS.reason]).toContain('shop/web: net.core.somaxconn');
      await current.stop();
    },
  );
});
