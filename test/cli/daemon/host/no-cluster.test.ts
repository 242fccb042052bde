import { describe, expect, it } from 'vitest';
import { type Annotations, noCluster, statusText } from '../../../../agent/cli/daemon/host/no-cluster.ts';
import { KEYS } from '../../../../agent/names.ts';
import { type Agent, createAgent } from '../../../../agent/node/agent.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../../scripts/fakes/fake-host.ts';
import { atRest } from '../../../node/started-agent.ts';

interface Service {
  readonly agent: Agent;
  readonly shown: Annotations[];
  readonly edit: (data: Readonly<Record<string, string>>) => Promise<void>;
}

async function service(
  host: FakeHost,
  data: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const shown: Annotations[] = [];
  const ports = host.ports();
  const cluster = noCluster(ports.clock, (annotations) => shown.push(annotations));
  const agent = createAgent(
    { ...ports, cluster },
    {
      configMap: { namespace: '', name: '/etc/policy.yaml' },
      jitterMs: 0,
      waitForApproval: false,
      onReported: () => {},
    },
  );
  agent.setNode({ name: 'n1', uid: '', labels, annotations: {} });
  const edit = async (next: Readonly<Record<string, string>>): Promise<void> => {
    agent.setConfigMap(host.configMap(next));
    // A soak takes some turns for each of its seconds.
    for (let turn = 0; turn < 20; turn += 1) await atRest();
  };
  await edit(data);
  return { agent, shown, edit };
}

const LIST = { allowedUnsafeSysctls: 'net.core.somaxconn' };

describe("an agent without a cluster, as the host's own service is", () => {
  it('makes a change that only adds, proves it, and shows it as a Node would', async () => {
    const host = new FakeHost().startKubelet();
    const { shown } = await service(host, LIST);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(
      'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
    );
    expect(host.restarts).toBe(1);
    expect(shown.at(-1)).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'net.core.somaxconn' });
  });

  it('waits with a change that takes something away, since no one knows which pods use it', async () => {
    const host = new FakeHost().startKubelet();
    const { shown, edit } = await service(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' });
    await edit(LIST);
    expect(host.restarts).toBe(1);
    expect(shown.at(-1)).toMatchObject({
      [KEYS.state]: 'Blocked',
      [KEYS.reason]: expect.stringContaining(
        'would remove kernel.sem, and without an API server it is not known which pods use that. Nothing was changed. inUse: Proceed',
      ),
    });
  });

  it('makes that change with inUse: Proceed', async () => {
    const host = new FakeHost().startKubelet();
    const { shown, edit } = await service(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' });
    await edit({ ...LIST, inUse: 'Proceed' });
    expect(host.restarts).toBe(2);
    expect(shown.at(-1)).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'net.core.somaxconn' });
  });

  it('adds what a profile has for the labels that it was given', async () => {
    const host = new FakeHost().startKubelet();
    const profiles = '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: [kernel.sem]\n';
    const { shown } = await service(host, { ...LIST, profiles }, { pool: 'db' });
    expect(shown.at(-1)).toMatchObject({ [KEYS.running]: 'kernel.sem,net.core.somaxconn' });
  });

  it('rolls back a kubelet that does not start with the list', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=2\n' }).startKubelet();
    host.crash = (argv) => (argv.some((word) => word.includes('somaxconn')) ? 'E0101 bad list' : undefined);
    const { shown } = await service(host, LIST);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--v=2\n');
    expect(shown.at(-1)).toMatchObject({ [KEYS.state]: 'Degraded' });
  });

  it('keeps the last valid policy while the file is no policy, and shows key, line, what was expected and found', async () => {
    const host = new FakeHost().startKubelet();
    const { agent, shown, edit } = await service(host, LIST);
    const unreadable = { key: 'mode', line: 1, message: 'Expected a file, found a FIFO.' };
    agent.setConfigMap({ ...host.configMap({}), unreadable });
    await atRest();
    expect(shown.at(-1)).toMatchObject({
      [KEYS.reason]: expect.stringContaining('The last valid policy stays in force.'),
      [KEYS.policyError]: 'mode, line 1: Expected a file, found a FIFO.',
      [KEYS.running]: 'net.core.somaxconn',
    });
    await edit(LIST);
    expect(shown.at(-1)).not.toHaveProperty(KEYS.policyError);
    expect(host.restarts).toBe(1);
  });
});

it('statusText is one line with state, reason and what is wrong with the policy', () => {
  const text = statusText({
    [KEYS.state]: 'Done',
    [KEYS.reason]: 'All is well.\nReally.',
    [KEYS.policyError]: 'mode, line 1: Expected a\nto be b.',
  });
  expect(text).toBe('Done: All is well. Really. mode, line 1: Expected a to be b.');
});
