import { describe, expect, it } from 'vitest';
import { json, status } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls, type Outcome } from '../run.ts';

const SPEC = { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } };
const SEM = { allowedUnsafeSysctls: 'kernel.sem' };
const SHOP = '/api/v1/namespaces/shop';

async function why(answers: Answers, ...args: readonly string[]): Promise<Outcome> {
  await using fake = await api({ policy: POLICY, nodes: [node('n1'), node('n2')], ...answers });
  const outcome = await kubectlSysctls(['why', '--kubeconfig', fake.kubeconfig, ...args]);
  expect(fake.writes()).toEqual([]);
  return outcome;
}

const refusedPod = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { ...SPEC, nodeName: 'n1' },
  status: {
    phase: 'Failed',
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "net.core.somaxconn" not allowlisted\u001b[2J',
  },
};
const other = {
  [SHOP]: json(200, { metadata: { name: 'shop', labels: {} } }),
  [`${SHOP}/pods/web`]: json(200, refusedPod),
};

describe('why', () => {
  it('explains a pod that was refused, gives the edit that allows it, and exits with 1', async () => {
    const nodes = [node('n1', {}, SEM), node('n2', {}, SEM)];
    const outcome = await why({ policy: SEM, nodes, other }, 'web', '-n', 'shop');
    expect(outcome).toEqual({
      status: 1,
      stderr: '',
      stdout: `\
Pod shop/web
  Failed, on n1; SysctlForbidden: forbidden sysctl: "net.core.somaxconn" not allowlisted\\u{1b}[2J
Such a pod can run on no node now.

net.core.somaxconn: unsafe
  ✗ 2 nodes: n1, n2
    unsafe there, and no list allows it

To allow it: kubectl -n kubelet-sysctl-agent edit configmap kubelet-sysctls
and add this line to the key allowedUnsafeSysctls:
    net.core.somaxconn

A pod that a kubelet refused does not start again, also when its sysctls are allowed later: delete
it, and create it again where no controller does.
`,
    });
  });

  it('prints the same as JSON, and exits with 0 when one node takes it', async () => {
    const { status: code, stdout } = await why({ other }, 'pod/web', '-n', 'shop', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      canRun: true,
      subject: {
        kind: 'Pod',
        namespace: 'shop',
        name: 'web',
        pod: { reason: 'SysctlForbidden', node: 'n1' },
      },
      nodes: { now: ['n1', 'n2'] },
    });
  });

  const template = { template: { spec: SPEC } };
  it.each([
    ['deployment', '/apis/apps/v1', 'deployments', template],
    ['statefulset', '/apis/apps/v1', 'statefulsets', template],
    ['daemonset', '/apis/apps/v1', 'daemonsets', template],
    ['replicaset', '/apis/apps/v1', 'replicasets', template],
    ['job', '/apis/batch/v1', 'jobs', template],
    ['cronjob', '/apis/batch/v1', 'cronjobs', { jobTemplate: { spec: template } }],
  ])(
    'reads the pod template of a %s, in the namespace of the context without -n',
    async (kind, group, resource, spec) => {
      const path = `${group}/namespaces/default/${resource}/web`;
      const { status: code, stdout } = await why(
        { other: { [path]: json(200, { spec }) } },
        `${kind}/web`,
        '-o',
        'json',
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        subject: { namespace: 'default' },
        sysctls: [{ name: 'net.core.somaxconn' }],
      });
    },
  );

  it('answers for the bare name of a sysctl in both spellings, without a namespace', async () => {
    const { status: code, stdout } = await why({}, 'net/core/somaxconn');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sysctl net\.core\.somaxconn\nA pod can set it on every node \(2\) now\.\n/u);
    expect(await why({}, 'vm.swappiness')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('not namespaced'),
    });
  });

  it('answers without the permission to read the ConfigMap and the namespace', async () => {
    const no = json(403, status(403, 'Forbidden', 'no'));
    const hidden = {
      ...other,
      [SHOP]: no,
      '/api/v1/namespaces/kubelet-sysctl-agent/configmaps/kubelet-sysctls': no,
    };
    const { status: code, stdout } = await why({ other: hidden }, 'web', '-n', 'shop');
    expect(code).toBe(0);
    expect(stdout).toContain('You may not read the ConfigMap');
    expect(stdout).toContain('Pod Security');
  });

  it('reads the ConfigMap of another installation', async () => {
    const path = '/api/v1/namespaces/else/configmaps/kubelet-sysctls';
    const at = { [path]: json(200, { data: { ...SEM, mode: 'Observe' } }) };
    const { stdout } = await why({ other: at }, 'net.ipv4.tcp_tw_reuse', '--agents-namespace', 'else');
    expect(stdout).toContain('mode: Observe is set');
    expect(stdout).toContain('kubectl -n else edit configmap');
  });

  it.each([
    [['none', '-n', 'shop'], /^error: Expected a Pod none in namespace shop, found none\. /u],
    [['deploy/none'], /^error: Expected a Deployment none in namespace default, found none\. /u],
  ])('says for %j that there is none', async (args, text) => {
    const { status: code, stdout, stderr } = await why({}, ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(text);
  });

  it('says that a pod has no sysctls', async () => {
    const plain = { [`${SHOP}/pods/web`]: json(200, { spec: {} }) };
    const { status: code, stderr } = await why({ other: plain }, 'web', '-n', 'shop');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Expected Pod shop\/web to have securityContext\.sysctls, found none\. /u);
  });

  it('exits with 2 for a kind that it does not know, and without an argument', async () => {
    const { status: code, stderr } = await why({}, 'service/web');
    expect(code).toBe(2);
    expect(stderr).toMatch(/Expected one of pod, deployment, .*got "service"/u);
    expect(await why({})).toMatchObject({ status: 2 });
    expect(await why({}, 'web', '-o', 'xml')).toMatchObject({ status: 2 });
  });

  it('says in its help what it takes, its exit codes, and that -n is the namespace of the pod', async () => {
    const { status: code, stdout } = await kubectlSysctls(['why', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /-n, --namespace <name> +the namespace of the pod[^]*--agents-namespace[^]*cronjob\.[^]*Exit codes: 0 /u,
    );
  });
});
