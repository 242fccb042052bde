import { describe, expect, it } from 'vitest';
import { KEYS, STATUS_NAME } from '../../../../agent/names.ts';
import { VERSION } from '../../../../agent/text/version.ts';
import { json, status } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { node } from '../nodes.ts';
import { kubectlSysctls } from '../run.ts';

const STATUS = `/api/v1/namespaces/kubelet-sysctl-agent/configmaps/${STATUS_NAME}`;

async function versions(answers: Answers, ...args: string[]) {
  await using fake = await api(answers);
  return await kubectlSysctls(['version', '--kubeconfig', fake.kubeconfig, ...args]);
}

function agent(name: string, version: string | undefined): object {
  const made: { metadata?: { annotations?: Record<string, string> } } = node(name);
  return {
    ...made,
    metadata: {
      ...made.metadata,
      annotations: {
        ...made.metadata?.annotations,
        ...(version !== undefined && { [KEYS.version]: version }),
      },
    },
  };
}

const coordinator = (version: string) => ({
  [STATUS]: json(200, { metadata: { name: STATUS_NAME, resourceVersion: '1' }, data: { version } }),
});
const bare = { metadata: { name: 'bare', uid: 'b', resourceVersion: '1' }, spec: {}, status: {} };

const refused = (what: string, at: string) =>
  json(403, status(403, 'Forbidden', `User "jane" cannot ${what}${at}`));

describe('version', () => {
  it('counts the agents by version, and warns of nothing when all parts are equal', async () => {
    const nodes = [agent('n1', VERSION), agent('n2', VERSION), bare];
    const { status: code, stdout } = await versions({ nodes, other: coordinator(VERSION) }, '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      plugin: VERSION,
      coordinator: VERSION,
      agents: [{ version: VERSION, count: 2, nodes: ['n1', 'n2'] }],
      withoutAgent: ['bare'],
      warnings: [],
      unread: [],
    });
  });

  it('warns of agents, of a coordinator and of a plugin that differ, and names the nodes', async () => {
    const nodes = [agent('n1', '9.0.0'), agent('n2', '9.0.0'), agent('n3', undefined)];
    const { status: code, stdout } = await versions({ nodes, other: coordinator('9.0.0') });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Coordinator {2}9\.0\.0\nAgents {7}9\.0\.0 on 2 nodes: n1, n2\n +unknown version on 1 node: n3$/mu,
    );
    expect(stdout).toContain('Warning: The agents have 2 versions');
    expect(stdout).toContain(
      `Warning: This plugin is ${VERSION}, but the coordinator is 9.0.0, 2 agents of 9.0.0`,
    );
    expect(stdout).toContain('Warning: The coordinator and agents have different versions.');
  });

  it('shows the rest without a permission, and names what is missing', async () => {
    const nodes = [agent('n1', VERSION)];
    const noNodes = {
      '/api/v1/nodes': refused('list resource "nodes" in API group ""', ' at the cluster scope'),
    };
    const one = await versions({ nodes, other: { ...coordinator(VERSION), ...noNodes } });
    expect(one.stdout).toMatch(new RegExp(`Coordinator  ${VERSION}\\nAgents       not read\\n`, 'u'));
    expect(one.stdout).toContain('You need a ClusterRole with verb list on nodes.');
    const noStatus = {
      [STATUS]: refused(
        'get resource "configmaps" in API group ""',
        ' in the namespace "kubelet-sysctl-agent"',
      ),
    };
    const other = await versions({ nodes, other: noStatus });
    expect(other.stdout).toContain(`Agents       ${VERSION} on 1 node`);
    expect(other.stdout).toContain('You need a Role in kubelet-sysctl-agent with verb get on configmaps.');
  });
});
