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

/** A node with the list BOTH on which the pod runs; no action is recorded yet. */
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

/** Delivers the Node, as the watch does after each of our patches. */
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
  test('stays allowed without a write or a restart, and the reason names the pod', async () => {
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

  test.each([
    ['waits for a pod', {}, 'Blocked'],
    ['is paused', { paused: 'true' }, 'Observing'],
  ])(
    'names the pods that the node’s labels no longer fit while the change %s',
    async (_what, keys, state) => {
      const host = await inUse();
      const requirement = { nodeSelector: { disk: 'ssd' }, terms: undefined };
      const gpu = { ...WEB_POD, uid: 'uid-gpu', name: 'gpu', sysctls: [], requirement };
      host.labels['pool'] = 'web';
      const fits = {
        ...gpu,
        uid: 'uid-fits',
        name: 'fits',
        requirement: { ...requirement, nodeSelector: { pool: 'web' } },
      };
      host.pods = [WEB_POD, gpu, fits, { ...gpu, uid: 'uid-new', name: 'new', taken: false }];
      await nodeSeen(host);

      await edit(host, { ...ONE, ...keys });

      expect(host.annotations[KEYS.state]).toBe(state);
      expect(host.annotations[KEYS.reason]).toContain(
        "Any restart of this kubelet ends shop/gpu: the node's labels no longer fit its node selector or affinity.",
      );
    },
  );

  test('is removed once the pod is gone', async () => {
    const host = await inUse();
    await edit(host, ONE);

    host.pods = [];
    await pass(host, 7000);

    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
    expect(host.restarts).toBe(1);
  });

  test('has its pods polled with growing pauses, and is reported once', async () => {
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

  test('is removed at once with inUse: Proceed, without a list of pods', async () => {
    const host = await inUse();
    await edit(host, ONE);
    host.podLooks.length = 0;

    await edit(host, { ...ONE, inUse: 'Proceed' });

    expect(host.podLooks).toEqual([]);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('does not block any more when the policy names it again', async () => {
    const host = await inUse();
    await edit(host, ONE);

    await edit(host, BOTH);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(touched(host)).toEqual([]);
  });

  test('has its pods listed at once when it is dropped again', async () => {
    const host = await inUse();
    await edit(host, ONE);
    await edit(host, BOTH);
    host.pods = [];

    await edit(host, ONE);

    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('blocks mode: Restore as well', async () => {
    const host = await inUse();

    await edit(host, { ...BOTH, mode: 'Restore' });

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });

  test('still blocks after a restart of the agent, without another Event', async () => {
    const host = await inUse();
    await edit(host, ONE);
    await agent?.stop();
    host.actions.length = 0;

    await startAgent(host, ONE);

    expect(host.actions).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });
});

describe('removals by another party that wait for a restart', () => {
  test('block a restart that the policy needs for another name', async () => {
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

describe('a change that ends no pod', () => {
  test('lists no pods when it removes nothing', async () => {
    const host = await inUse();

    await edit(host, THREE);

    expect(host.podLooks).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('lists the pods and changes nothing when the file has got the desired list meanwhile', async () => {
    const host = await inUse();
    await nodeSeen(host);
    host.files.set(ENVIRONMENT_FILE, `KUBELET_EXTRA_ARGS='${FLAG},kernel.sem'\n`);
    host.startKubelet();

    await edit(host, THREE);

    expect(touched(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('lists the latest pods right before a restart that removes an allowance', async () => {
    const host = await inUse();
    host.pods = [];

    await edit(host, ONE);

    expect(host.podLooks).toEqual([false, true]);
  });

  test('lists no pods when only the file is fixed', async () => {
    const host = await inUse();
    host.files.set(ENVIRONMENT_FILE, '');

    agent?.hostChanged();
    await pass(host, 1000);

    expect(host.files.get(ENVIRONMENT_FILE)).toContain('net.core.somaxconn');
    expect(host.podLooks).toEqual([]);
  });
});

describe('a pod that starts between the list and the restart', () => {
  test.each([
    ['a file', "# ours\nKUBELET_EXTRA_ARGS='--v=2'\n"],
    ['no final newline', 'KUBELET_EXTRA_ARGS=--v=2'],
  ])('aborts the change, with the exact old bytes and without a restart (%s)', async (_title, original) => {
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

    // The watch delivers our own report: the file is not written again.
    await nodeSeen(host);
    expect(touched(host)).toHaveLength(2);

    host.fault = () => undefined;
    host.pods = [];
    await pass(host, 7000);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.msgmax' });
  });

  test('leaves the file untouched when the change only restarts', async () => {
    const host = await inUse();
    // By hand: the file no longer has what the policy is about to drop, which waits for a restart.
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

describe('when listing pods fails', () => {
  test('a restart that would remove an allowance is not made, and the reason says why', async () => {
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

  test('a restart that only adds allowances is made', async () => {
    const host = await inUse();
    host.fault = refuse;

    await edit(host, THREE);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.podLooks).toEqual([]);
  });

  test('only after the write, the file is restored to the byte and nothing is restarted', async () => {
    const host = await inUse();
    const before = host.files.get(ENVIRONMENT_FILE);
    host.pods = [];
    host.fault = (action) => (host.podLooks.includes(true) ? refuse(action) : undefined);

    await edit(host, ONE);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    expect(host.restarts).toBe(0);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
  });

  test('because the API server is unreachable, nothing is removed until it is back', async () => {
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
  ])('reports which pods the change would affect (%s)', async (_title, keys, expected) => {
    const host = await inUse();

    await edit(host, { ...ONE, ...keys });

    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.reason]).toMatch(expected);
    expect(touched(host)).toEqual([]);
  });

  test('reports no pods when none would end, and lists none when nothing would restart', async () => {
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
    ['still runs', false],
    ['was replaced meanwhile', true],
  ])('does not let the next edit of the policy end a pod, when the agent %s', async (_how, replaced) => {
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
  });
});
