import { describe, expect, it } from 'vitest';
import { INPUT_KEYS } from '../../../../agent/names.ts';
import { json, status } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls } from '../run.ts';

async function run(answers: Answers, ...args: string[]) {
  await using fake = await api({ policy: POLICY, ...answers });
  const outcome = await kubectlSysctls(['--kubeconfig', fake.kubeconfig, ...args]);
  return { ...outcome, writes: fake.writes().map(({ path, body }) => ({ path, body: JSON.parse(body) })) };
}

const CONFIG_MAP = '/api/v1/namespaces/kubelet-sysctl-agent/configmaps/kubelet-sysctls';

describe('pause and resume', () => {
  it.each([
    ['pause', 'true'],
    ['resume', null],
  ])('%s writes only the key paused of the policy', async (command, paused) => {
    const { status: code, stdout, writes } = await run({}, command);
    expect({ code, writes }).toEqual({ code: 0, writes: [{ path: CONFIG_MAP, body: { data: { paused } } }] });
    expect(stdout).toContain('key paused of ConfigMap kubelet-sysctl-agent/kubelet-sysctls');
  });

  it.each([
    ['pause', 'true'],
    ['resume', null],
  ])('%s NODE annotates only that node', async (command, paused) => {
    const { status: code, writes } = await run({ nodes: [node('node-1')] }, command, 'node-1');
    const body = { metadata: { annotations: { [INPUT_KEYS.paused]: paused } } };
    expect({ code, writes }).toEqual({ code: 0, writes: [{ path: '/api/v1/nodes/node-1', body }] });
  });

  it('says that the ConfigMap does not exist', async () => {
    const other = { [CONFIG_MAP]: json(404, status(404, 'NotFound', 'no')) };
    const { status: code, stderr } = await run({ other }, 'pause');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Expected a ConfigMap kubelet-sysctls in namespace kubelet-sysctl-agent/u);
  });

  it('names the RBAC rule that the user lacks', async () => {
    const message =
      'configmaps "kubelet-sysctls" is forbidden: User "jane" cannot patch resource "configmaps" in API group "" in the namespace "kubelet-sysctl-agent"';
    const other = { [CONFIG_MAP]: json(403, status(403, 'Forbidden', message)) };
    const { status: code, stderr } = await run({ other }, 'pause');
    expect(code).toBe(1);
    expect(stderr).toContain('a Role in kubelet-sysctl-agent with verb patch on configmaps');
  });
});

describe('retry', () => {
  it('writes the retry annotation on a node that failed', async () => {
    const { status: code, writes } = await run(
      { nodes: [node('node-1', { state: 'Degraded' })] },
      'retry',
      'node-1',
    );
    expect(code).toBe(0);
    expect(writes).toEqual([
      {
        path: '/api/v1/nodes/node-1',
        body: { metadata: { annotations: { [INPUT_KEYS.retry]: expect.any(String) } } },
      },
    ]);
  });

  it.each([
    ['a node without a failed change', 'node-1', /state Done/u],
    ['a node that does not exist', 'node-2', /found none/u],
  ])('retry refuses %s, and writes nothing', async (_title, name, message) => {
    const other = { '/api/v1/nodes/node-2': json(404, status(404, 'NotFound', 'no')) };
    const { status: code, stderr, writes } = await run({ nodes: [node('node-1')], other }, 'retry', name);
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(stderr).toMatch(message);
  });
});
