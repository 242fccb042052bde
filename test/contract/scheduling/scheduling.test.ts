// What the policies of the components scheduling and warnings say of pods and workloads, on real API servers.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOWS_PREFIX } from '../../../agent/names.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { pod, podSpec, SchedulingServer } from './api-server.ts';

const SKIPPED =
  process.getuid?.() === 0 ? whyNoGo() : 'Expected to run as root: an API server of a bed needs a bridge.';
const POLICY = {
  allowedUnsafeSysctls: 'net.core.somaxconn, kernel.shm*, net.ipv4.conf.*, net/ipv6/conf/eth0.1/forwarding',
  profiles: '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: [kernel.msgmax]\n',
};
const NO_LIST = 'net.ipv4.tcp_max_syn_backlog';

const select = (...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [ALLOWS_PREFIX + name, 'true']));

describe.skipIf(SKIPPED !== undefined)(`the component scheduling on ${DEFAULT_KUBERNETES_VERSION}`, () => {
  let server: SchedulingServer;
  beforeAll(async () => {
    server = await SchedulingServer.start(DEFAULT_KUBERNETES_VERSION);
    await server.apply('scheduling');
    await server.setPolicy(POLICY);
    const sets = pod({ sysctls: ['net.core.somaxconn'] });
    await server.awaitSaid(sets, ({ object }) => object.spec?.nodeSelector !== undefined);
  });
  afterAll(() => server.close());

  it.each<[string, Parameters<typeof pod>[0], Readonly<Record<string, string>> | undefined]>([
    ['with a name of the base list', { sysctls: ['net.core.somaxconn'] }, select('net.core.somaxconn')],
    ['with a name spelled with slashes', { sysctls: ['net/core/somaxconn'] }, select('net.core.somaxconn')],
    [
      'with names of base list and profile',
      { sysctls: ['net.core.somaxconn', 'kernel.msgmax'] },
      select('net.core.somaxconn', 'kernel.msgmax'),
    ],
    ['with a name that no list has', { sysctls: [NO_LIST] }, select(NO_LIST)],
    ['with a safe name', { sysctls: ['net.ipv4.tcp_syncookies', 'net.ipv4.tcp_rmem'] }, undefined],
    [
      'with names that only a pattern covers',
      { sysctls: ['kernel.shmmax', 'net.ipv4.conf.all.forwarding'] },
      undefined,
    ],
    ['with a name that has no label', { sysctls: ['net/ipv6/conf/eth0.1/forwarding'] }, undefined],
    ['with a name that is too long for a label', { sysctls: [`net.${'x'.repeat(60)}`] }, undefined],
    ['without a sysctl', {}, undefined],
    ['with its node', { sysctls: [NO_LIST], spec: { nodeName: 'n1' } }, undefined],
    [
      'with a selector of its own',
      { sysctls: [NO_LIST], spec: { nodeSelector: { pool: 'db' } } },
      { pool: 'db', ...select(NO_LIST) },
    ],
    ['of another scheduler', { sysctls: [NO_LIST], spec: { schedulerName: 'other' } }, select(NO_LIST)],
  ])('a pod %s selects just the nodes that can run it', async (_what, options, expected) => {
    expect((await server.say(pod(options))).object.spec?.nodeSelector).toEqual(expected);
  });

  it('a pod is left alone once the policy says mode Restore', async () => {
    await server.setPolicy({ ...POLICY, mode: 'Restore' });
    const sets = pod({ sysctls: [NO_LIST] });
    const said = await server.awaitSaid(sets, ({ object }) => object.spec?.nodeSelector === undefined);
    expect(said.object).toMatchObject({ kind: 'Pod' });
    await server.setPolicy(POLICY);
  });
});

describe.skipIf(SKIPPED !== undefined).each([OLDEST_KUBELET_VERSION, DEFAULT_KUBERNETES_VERSION])(
  'the component warnings on %s',
  (version) => {
    let server: SchedulingServer;
    beforeAll(async () => {
      server = await SchedulingServer.start(version);
      await server.apply('warnings');
      await server.setPolicy(POLICY);
      await server.awaitSaid(pod({ sysctls: [NO_LIST] }), ({ warnings }) => warnings !== '');
    });
    afterAll(() => server.close());

    const template = { metadata: { labels: { app: 'web' } }, spec: podSpec([NO_LIST]) };
    const selector = { matchLabels: { app: 'web' } };
    const metadata = { name: 'web' };
    const once = { ...template, spec: podSpec([NO_LIST], { restartPolicy: 'Never' }) };

    it.each<[string, object]>([
      ['Pod', pod({ sysctls: [NO_LIST] })],
      ['Deployment', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } }],
      ['DaemonSet', { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template } }],
      ['ReplicaSet', { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { selector, template } }],
      [
        'StatefulSet',
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata,
          spec: { selector, serviceName: 'web', template },
        },
      ],
      ['Job', { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: once } }],
      [
        'CronJob',
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata,
          spec: { schedule: '0 1 * * *', jobTemplate: { spec: { template: once } } },
        },
      ],
    ])('a %s with a sysctl of no list is warned of by name, with what to ask for', async (_kind, object) => {
      const { warnings } = await server.say(object);
      expect(warnings.match(/Warning: /gu)).toHaveLength(1);
      expect(warnings).toContain(
        `No list of this cluster allows ${NO_LIST}. Kubelets refuse the pod, or it stays Pending.`,
      );
      expect(warnings).toContain('allowedUnsafeSysctls');
    });

    it.each<[string, Parameters<typeof pod>[0]]>([
      ['that every list has', { sysctls: ['net.core.somaxconn', 'net.ipv4.tcp_syncookies'] }],
      ['of a profile', { sysctls: ['kernel/msgmax'] }],
      ['of a pattern', { sysctls: ['kernel.shmmax', 'net/ipv4/conf/all/forwarding'] }],
      [
        'that a controller sets',
        {
          sysctls: [NO_LIST],
          metadata: {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true },
            ],
          },
        },
      ],
    ])('a pod with a sysctl %s is not warned of', async (_what, options) => {
      expect((await server.say(pod(options))).warnings).toBe('');
    });

    it('a sysctl that no pod can set is named so, listed or not', async () => {
      const { warnings } = await server.say(pod({ sysctls: ['net.core.rmem_max', 'vm.swappiness'] }));
      expect(warnings).toContain('No pod can set net.core.rmem_max, vm.swappiness, since');
      expect(warnings).not.toContain('No list');
    });

    it.each([
      ['hostIPC', 'kernel.msgmax'],
      ['hostIPC', 'fs/mqueue/msg_max'],
      ['hostNetwork', 'net.core.somaxconn'],
      ['hostNetwork', 'net/core/somaxconn'],
    ])(
      "a pod and a Deployment with %s and the node's own %s are refused by the API server itself",
      async (field, name) => {
        const own = podSpec([name], { [field]: true });
        await expect(server.say(pod({ sysctls: [name], spec: { [field]: true } }))).rejects.toThrow(field);
        const spec = { selector, template: { ...template, spec: own } };
        const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
        await expect(server.say(deployment)).rejects.toThrow(field);
      },
    );
  },
);
