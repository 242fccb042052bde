import { describe, expect, test } from 'vitest';
import { DROP_IN_NAME } from '../../agent/kubelet/unit.ts';
import { KEYS } from '../../agent/names.ts';
import type { Agent } from '../../agent/node/agent.ts';
import { FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';
import { WEB_POD } from './web-pod.ts';

const DIR = '/etc/kubernetes/kubelet/config.json.d';
const OURS = `${DIR}/${DROP_IN_NAME}`;
const NODEADM = `${DIR}/40-nodeadm.conf`;
const CONFIG = '/etc/kubernetes/kubelet/config.json';
const ENVIRONMENT = '/etc/eks/kubelet/environment';
const KIND = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const STATE = '/var/lib/kubelet-sysctl-agent/state.json';
const JOURNAL = '/var/lib/kubelet-sysctl-agent/change';
const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const RESTORE = { ...POLICY, mode: 'Restore' };

/** EKS AL2023 as nodeadm configures it, with a list of another party in its drop-in. */
function eksHost({ version = '1.36.3' } = {}): FakeHost {
  const host = new FakeHost({
    [ENVIRONMENT]: `NODEADM_KUBELET_ARGS="--config=${CONFIG} --config-dir=${DIR}"\n`,
    [CONFIG]: KIND,
    [NODEADM]: `${KIND}allowedUnsafeSysctls: [kernel.sem]\n`,
  });
  host.execStart = ['/usr/bin/kubelet', '$NODEADM_KUBELET_ARGS'];
  host.environment = [];
  host.environmentFiles = [{ path: ENVIRONMENT, optional: false }];
  host.version = `Kubernetes v${version}`;
  return host.startKubelet();
}

/** The lines with which a kubelet from 1.37 on logs its configuration. */
function effective(list: readonly string[]): readonly string[] {
  const lines = ['allowedUnsafeSysctls:', ...list.map((item) => `- ${item}`)];
  return [
    'I1129 00:00:00.000001     812 server.go:257] "Effective KubeletConfiguration" config=<',
    ...lines.map((line) => `\t${line}`),
    ' >',
  ];
}

async function edit(host: FakeHost, agent: Agent, data: Readonly<Record<string, string>>): Promise<void> {
  agent.setConfigMap(host.configMap(data));
  await atRest();
}

async function hostChanged(host: FakeHost, agent: Agent): Promise<void> {
  agent.hostChanged();
  await atRest();
  host.advance(11_000);
  await atRest();
}

const LIST = 'kernel.sem,net.core.somaxconn';
const seen = (host: FakeHost): object => ({
  state: host.annotations[KEYS.state],
  running: host.annotations[KEYS.running],
  own: host.files.has(OURS),
});

describe('a node whose kubelet has a --config-dir and no $KUBELET_EXTRA_ARGS', () => {
  test('gets the list in a file of the agent’s own, after a journal and before one restart', async () => {
    const host = eksHost();
    await startedAgent(host, POLICY);

    expect(seen(host)).toEqual({ state: 'Done', running: LIST, own: true });
    const steps = host.actions.filter((action) => !action.startsWith('patch'));
    expect(steps.slice(0, 4)).toEqual([`write ${JOURNAL}`, 'arm', `write ${OURS}`, 'restart']);
    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.drift]).toBe(`unmanaged: kernel.sem (drop-in ${NODEADM})`);
    expect(JSON.parse(host.files.get(STATE) ?? '{}')).toMatchObject({
      lastApplied: { ours: ['net.core.somaxconn'], folded: ['kernel.sem'] },
      originals: [{ file: OURS, variable: null, bytes: null }],
    });
  });

  test('is restored: only the agent’s file is removed', async () => {
    const host = eksHost();
    const agent = await startedAgent(host, POLICY);
    await edit(host, agent, RESTORE);

    expect(seen(host)).toEqual({ state: 'Done', running: 'kernel.sem', own: false });
    expect(host.files.get(NODEADM)).toContain('[kernel.sem]');
    expect(host.files.changedAt(DIR)).toBeDefined();
    expect([...host.files.keys()].filter((path) => path.startsWith('/var/lib/kubelet-sysctl'))).toEqual([]);
  });

  test('follows the list that nodeadm writes', async () => {
    const host = eksHost();
    const agent = await startedAgent(host, POLICY);
    host.files.set(NODEADM, `${KIND}allowedUnsafeSysctls: [kernel.msgmax]\n`);
    await hostChanged(host, agent);

    expect(host.files.get(OURS)).toMatch(/- "net.core.somaxconn"\n- "kernel.msgmax"\n$/u);
    expect(seen(host)).toEqual({ state: 'Done', running: 'net.core.somaxconn,kernel.msgmax', own: true });
  });

  test('stays as it is while a pod uses what the policy drops', async () => {
    const host = eksHost();
    const agent = await startedAgent(host, POLICY);
    host.pods = [WEB_POD];
    await edit(host, agent, { allowedUnsafeSysctls: 'kernel.msgmax' });

    expect(host.annotations[KEYS.reason]).toContain('shop/web');
    expect(seen(host)).toEqual({ state: 'Blocked', running: LIST, own: true });
  });

  test('is known to a later agent also when a drop-in has changed since the kubelet’s start', async () => {
    const host = eksHost();
    await startedAgent(host, POLICY);
    host.files.set(`${DIR}/99-z.conf`, `${KIND}allowedUnsafeSysctls: []\n`);
    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain(`${DIR}/99-z.conf`);
    expect(host.annotations[KEYS.running]).toBe(LIST);
    expect(host.restarts).toBe(1);
  });
});

describe('another program that removes the agent’s file', () => {
  test('is left alone after the second time', async () => {
    const host = eksHost();
    const agent = await startedAgent(host, POLICY);
    for (let run = 0; run < 3; run += 1) {
      host.files.delete(OURS);
      host.advance(1);
      host.startKubelet();
      await hostChanged(host, agent);
    }

    expect(host.restarts).toBe(2);
    expect(seen(host)).toEqual({ state: 'Degraded', running: 'kernel.sem', own: false });
    expect(host.annotations[KEYS.reason]).toContain("took the agent's list out 2 times");
    expect(host.annotations[KEYS.reason]).toContain(`should leave ${OURS} alone`);
  });
});

describe('a kubelet that does not run with the list of the agent’s file', () => {
  const failing: readonly (readonly [string, (host: FakeHost) => void, string])[] = [
    [
      'does not start with it',
      (host) => {
        host.crash = () =>
          host.files.has(OURS) ? 'E1 1 run.go:72] "command failed" err="bad list"' : undefined;
      },
      'bad list',
    ],
    [
      'is given another folder at that start',
      (host) => {
        host.fault = (action) => {
          if (action === 'restart' && host.files.has(OURS)) {
            host.files.set(ENVIRONMENT, `NODEADM_KUBELET_ARGS="--config=${CONFIG}"\n`);
          }
          return undefined;
        };
      },
      'does not read',
    ],
    [
      'may have read a file that was written while it started',
      (host) => {
        host.startLog = () => {
          if (host.files.has(OURS)) host.files.set(NODEADM, `${KIND}maxPods: 9\n`);
          return [];
        };
      },
      'was written while the kubelet started',
    ],
    [
      'logs another list as its configuration',
      (host) => {
        host.startLog = () => effective(['kernel.sem']);
      },
      'its configuration has kernel.sem',
    ],
  ];

  test.each(failing)('fails the change, which is undone: %s', async (_, spoil, why) => {
    const host = eksHost();
    spoil(host);
    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.reason]).toContain(why);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.files.has(OURS)).toBe(false);
    expect(host.files.has(JOURNAL)).toBe(false);
    expect(host.armed).toBeUndefined();
  });

  test('is proven by its own log where it has one, whenever the files were written', async () => {
    const host = eksHost({ version: '1.37.2' });
    host.startLog = () => {
      if (!host.files.has(OURS)) return effective(['kernel.sem']);
      host.files.set(NODEADM, `${KIND}allowedUnsafeSysctls: [kernel.sem]\nmaxPods: 9\n`);
      return effective(LIST.split(','));
    };
    await startedAgent(host, POLICY);

    expect(seen(host)).toEqual({ state: 'Done', running: LIST, own: true });
  });

  test('is restored to the old list when a later change fails', async () => {
    const host = eksHost();
    const agent = await startedAgent(host, POLICY);
    const before = host.files.get(OURS);
    host.crash = () =>
      host.files.get(OURS)?.includes('msgmax') === true ? 'E1 1 x] "command failed"' : undefined;
    await edit(host, agent, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax' });

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.files.get(OURS)).toBe(before);
    expect(host.runningArgv).toBeDefined();
  });

  test('keeps what another party adds to the agent’s file during a change that fails', async () => {
    const host = eksHost();
    host.crash = () => {
      const own = host.files.get(OURS);
      if (own === undefined || !own.includes('somaxconn')) return undefined;
      host.files.set(OURS, own.includes('kernel.msgmax') ? own : `${own}- "kernel.msgmax"\n`);
      return 'E1 1 x] "command failed"';
    };
    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.files.get(OURS)).toMatch(/allowedUnsafeSysctls:\n- "kernel.msgmax"\n$/u);
  });
});
