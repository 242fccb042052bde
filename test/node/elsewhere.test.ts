// Nodes whose kubelet is configured elsewhere: what is run there, and what their reason says.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEYS } from '../../agent/names.ts';
import { VENDOR_UNITS } from '../../agent/node/observe/vendor/vendors.ts';
import { fakeProgram, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { startedAgent } from './started-agent.ts';

const LIST = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const OURS = 'This is a node of ';

async function reasonOf(host: FakeHost, data: Readonly<Record<string, string>> = LIST): Promise<string> {
  const agent = await startedAgent(host, data);
  await agent.stop();
  return host.annotations[KEYS.reason] ?? '';
}

describe('the reason of a node that cannot be changed', () => {
  test('names the variable that is there, the file that is not read, and the vendor’s setting', async () => {
    const host = new FakeHost({ '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=--v=2\n' });
    host.labels['cloud.google.com/gke-nodepool'] = 'default';
    host.execStart = ['/usr/bin/kubelet', '$KUBELET_OPTS'];
    host.environmentFiles = [{ path: '/etc/kubernetes/kubelet.env', optional: true }];
    host.startKubelet();

    const reason = await reasonOf(host);

    expect(host.annotations[KEYS.state]).toBe('Unreconcilable');
    expect(reason).toContain('$KUBELET_OPTS');
    expect(reason).toContain('/etc/default/kubelet exists here, but the unit does not read it.');
    expect(reason).toContain(`${OURS}GKE: set kubeletConfig.allowedUnsafeSysctls`);
  });

  test('is the same at each pass, and nothing but the running kubelet was run, once', async () => {
    const host = new FakeHost();
    host.execStart = ['/usr/bin/kubelet', '$KUBELET_OPTS'];
    host.startKubelet();
    const agent = await startedAgent(host, LIST);
    const { [KEYS.reason]: reason } = host.annotations;
    const patches = host.actions.length;

    agent.hostChanged();
    host.advance(600_000);
    await agent.stop();

    expect(host.annotations[KEYS.reason]).toBe(reason);
    expect(host.actions).toHaveLength(patches);
    expect(new Set(host.asked)).toEqual(new Set(['/usr/bin/kubelet']));
  });

  test('names a script in ExecStart= and runs nothing', async () => {
    const host = new FakeHost();
    host.execStart = ['/opt/start.sh', '$KUBELET_EXTRA_ARGS'];
    host.programs['/opt/start.sh'] = fakeProgram('/opt/start.sh', '#!/bin/bash\n');
    host.startKubelet();

    expect(await reasonOf(host)).toContain('/opt/start.sh, a script (#!/bin/bash)');
    expect(host.asked).toEqual([]);
  });
});

test('a vendor’s setting is never shown on a node that can be changed, whatever signs it carries', async () => {
  const label = fc.constantFrom(
    'cloud.google.com/gke-nodepool',
    'kops.k8s.io/instancegroup',
    'eks.amazonaws.com/nodegroup',
    'eks.amazonaws.com/compute-type',
    'minikube.k8s.io/name',
  );
  const annotation = fc.constantFrom(
    'machineconfiguration.openshift.io/currentConfig',
    'rke.cattle.io/internal-ip',
  );
  const signs = fc.record({
    labels: fc.dictionary(label, fc.constantFrom('auto', 'x')),
    annotations: fc.dictionary(annotation, fc.constant('x')),
    osId: fc.constantFrom('talos', 'bottlerocket', 'amzn', 'cos'),
    units: fc.subarray([...VENDOR_UNITS]),
    keys: fc.constantFrom({}, { mode: 'Observe' }, { paused: 'true' }, { mode: 'Restore' }),
    runs: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(signs, async ({ labels, annotations, osId, units, keys, runs }) => {
      const host = new FakeHost({
        '/etc/os-release': `ID=${osId}\n`,
        '/etc/sysconfig/kubelet': '',
        ...Object.fromEntries(units.map((name) => [`/run/systemd/units/invocation:${name}`, ''])),
      });
      Object.assign(host.labels, labels);
      Object.assign(host.annotations, annotations);
      host.execStart = [...host.execStart, '$NODEADM_KUBELET_ARGS', '$DAEMON_ARGS'];
      if (runs) {
        host.startKubelet();
      }

      expect(await reasonOf(host, { ...LIST, ...keys })).not.toContain(OURS);
      expect(host.annotations[KEYS.state]).not.toBe('Unreconcilable');
    }),
    { numRuns: 50 },
  );
});

describe('a paused or observing agent', () => {
  test.each([{ mode: 'Observe' }, { paused: 'true' }])(
    'runs no kubelet that does not run already, not even for its version (%j)',
    async (keys) => {
      const host = new FakeHost();

      const reason = await reasonOf(host, { ...LIST, ...keys });

      expect(host.asked).toEqual([]);
      expect(host.annotations[KEYS.state]).toBe('Observing');
      expect(reason).toContain('kubelet.service does not run');
    },
  );

  test('on a node that is paused by its annotation, neither', async () => {
    const host = new FakeHost();
    host.annotations['kubelet-sysctl-agent/paused'] = 'true';

    await reasonOf(host);

    expect(host.asked).toEqual([]);
  });
});

test('a refusal by SELinux is named on the node, with what to set', async () => {
  const host = new FakeHost().startKubelet();
  host.confinement = { module: 'SELinux', label: 'system_u:system_r:container_t:s0' };
  host.systemdAnswers = () => Promise.reject(new Error('busctl exited with 1: Access denied'));
  const agent = await startedAgent(host, LIST);
  for (let pass = 0; pass < 3; pass += 1) {
    host.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await agent.stop();

  expect(host.annotations[KEYS.state]).toBe('Degraded');
  expect(host.annotations[KEYS.reason]).toMatch(/Access denied.*SELinux confines the agent.*spc_t/u);
});

const REFUSED = 'systemctl try-restart kubelet.service exited with 4: Access denied';

test('a restart that SELinux refuses in the middle of a change is named on the node, with the rules to load', async () => {
  const host = new FakeHost().startKubelet();
  const label = 'system_u:system_r:spc_t:s0';
  host.confinement = { module: 'SELinux', label, isOwnType: true };
  host.fault = (action) => (action === 'restart' ? new Error(REFUSED) : undefined);
  const agent = await startedAgent(host, LIST);
  await agent.stop();

  expect(host.annotations[KEYS.state]).toBe('Degraded');
  expect(host.annotations[KEYS.reason]).toMatch(
    /was rolled back: .*Access denied\. SELinux enforces, and the agent runs as \S*spc_t.*semodule -i.*sets\. Next try/u,
  );
});

test.each([
  ['nothing confines the agent', async () => undefined],
  ['what confines the agent cannot be read', async () => Promise.reject(new Error('EIO'))],
])('a change that is refused is rolled back with the refusal alone when %s', async (_what, confinement) => {
  const host = new FakeHost().startKubelet();
  const { processes, ...ports } = host.ports();
  host.fault = (action) => (action === 'restart' ? new Error(REFUSED) : undefined);
  host.ports = () => ({ ...ports, processes: { ...processes, confinement } });
  const agent = await startedAgent(host, LIST);
  await agent.stop();

  expect(host.annotations[KEYS.reason]).toContain(`was rolled back: ${REFUSED}. Next try`);
});
