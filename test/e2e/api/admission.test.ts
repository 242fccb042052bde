// The rights of an agent, tested with the token of a running one. Requests that must be refused are sent as dry runs: they
// pass the same checks, and when one is admitted by mistake it does not affect later tests.

import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ALLOWS_PREFIX, KEYS } from '../../../agent/names.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../../scripts/kubernetes/names.ts';
import { admissionPolicy, grantAllOfNodes, POLICY, userName } from '../support/cluster/admission-policy.ts';
import {
  type Attempt,
  stolenToken,
  type Thief,
  thief,
  type Verdict,
  verdictOf,
} from '../support/cluster/stolen-token.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';

const OWN = '/api/v1/nodes/n1';
const DRY = '?dryRun=All';
const OURS = 'kubelet-sysctl-agent/e2e';
const COPY = 'e2e-wrong-account';
const WIDE = 'e2e-all-of-nodes';
/** The API server reads new policies once a second, and new roles immediately. */
const SOON = { timeoutMs: 30_000, everyMs: 250 };

let node: TestNode;
let agent: Thief;

beforeAll(async () => {
  node = testNode(await e2eWorld(), 'n1');
  agent = await thief(node, await stolenToken(node));
  const forbidden = { method: 'PATCH', ...patch({ labels: { e2e: '' } }) } as const;
  const isInForce = async () => (await verdict(forbidden)) === 'refused by the policy';
  if (!(await until(isInForce, SOON))) throw new Error(`Expected the policy ${POLICY} to be in force.`);
});

describe('with the token of the agent on n1', () => {
  it('the report of n1 may be written, changed and removed', async () => {
    const values = ['one', '', null];

    for (const value of values) {
      const metadata = { annotations: { [OURS]: value } };
      expect(await verdict({ method: 'PATCH', path: OWN, body: { metadata } })).toBe('allowed');
      expect(await shown(OURS)).toEqual([value ?? undefined, undefined]);
    }
  });

  it.each([
    ['the state', KEYS.state, 'Done'],
    ['what the kubelet allows', `${ALLOWS_PREFIX}net.core.somaxconn`, 'true'],
    ['what the kubelet no longer allows', `${ALLOWS_PREFIX}net.core.somaxconn`, null],
  ])('the label of %s may be written', async (_what, key, value) => {
    expect(await verdict({ method: 'PATCH', ...patch({ labels: { [key]: value } }) })).toBe('allowed');
  });

  it.each<[string, Omit<Attempt, 'method'>]>([
    ['the report of n2', patch({ annotations: { [OURS]: 'x' } }, '/api/v1/nodes/n2')],
    ['another label with our prefix', patch({ labels: { [OURS]: 'x' } })],
    ['a label of a sysctl with another value', patch({ labels: { [`${ALLOWS_PREFIX}kernel.sem`]: 'no' } })],
    ['a label of no sysctl', patch({ labels: { 'kubelet-sysctl-agent/allows': 'true' } })],
    [
      "a sysctl's label of n2",
      patch({ labels: { [`${ALLOWS_PREFIX}kernel.sem`]: 'true' } }, '/api/v1/nodes/n2'),
    ],
    ["n2's label", patch({ labels: { [OURS]: 'x' } }, '/api/v1/nodes/n2')],
    ["another party's annotation", patch({ annotations: { 'example.com/owner': 'x' } })],
    [
      'an annotation whose key resembles ours',
      patch({ annotations: { 'kubelet-sysctl-agent.io/state': 'x' } }),
    ],
    ['the removal of an annotation', patch({ annotations: { 'node.alpha.kubernetes.io/ttl': null } })],
    ['the removal of all annotations', patch({ annotations: null })],
    ['the approved revision', patch({ annotations: { 'kubelet-sysctl-agent/approved-revision': 'x' } })],
    [
      'the approved revision, empty',
      patch({ annotations: { 'kubelet-sysctl-agent/approved-revision': '' } }),
    ],
    [
      'the approved revision as a label',
      patch({ labels: { 'kubelet-sysctl-agent/approved-revision': 'x' } }),
    ],
    ['a role label', patch({ labels: { 'node-role.kubernetes.io/control-plane': '' } })],
    ['the removal of a label', patch({ labels: { 'kubernetes.io/os': null } })],
    ['another value of a label', patch({ labels: { 'kubernetes.io/hostname': 'n2' } })],
    ['our key and a foreign one together', patch({ annotations: { [OURS]: 'x', 'example.com/owner': 'x' } })],
    ['spec.unschedulable', { path: `${OWN}${DRY}`, body: { spec: { unschedulable: true } } }],
    ['a taint', { path: `${OWN}${DRY}`, body: { spec: { taints: [{ key: 'e2e', effect: 'NoExecute' }] } } }],
    ['a finalizer', patch({ finalizers: ['example.com/e2e'] })],
    ['an owner', patch({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] })],
    [
      'a JSON patch of a label',
      {
        path: `${OWN}${DRY}`,
        contentType: 'application/json-patch+json',
        body: [{ op: 'add', path: '/metadata/labels/e2e', value: '' }],
      },
    ],
    [
      'a strategic merge patch of a label',
      { ...patch({ labels: { e2e: '' } }), contentType: 'application/strategic-merge-patch+json' },
    ],
    [
      'a forced server-side apply of a label',
      {
        path: `${OWN}${DRY}&fieldManager=e2e&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'Node', metadata: { labels: { 'kubernetes.io/os': 'e2e' } } },
      },
    ],
  ])('%s is refused by the policy', async (_what, attempt) => {
    expect(await verdict({ method: 'PATCH', ...attempt })).toBe('refused by the policy');
  });

  it('a status in the patch is dropped', async () => {
    const body = { status: { nodeInfo: { kubeletVersion: 'v0.0.1-e2e' } } };
    const answer = await agent.attempt({ method: 'PATCH', path: `${OWN}${DRY}`, body });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('v0.0.1-e2e');
  });

  const configMap = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/${POLICY_CONFIG_MAP}`;
  const pods = `/api/v1/namespaces/${AGENT_NAMESPACE}/pods`;
  const pod = { metadata: { name: 'e2e' }, spec: { containers: [{ name: 'e2e', image: 'e2e' }] } };
  it.each<[string, Attempt]>([
    ["the node's status", { method: 'PATCH', path: `${OWN}/status${DRY}`, body: { status: {} } }],
    ['another Node', { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } }],
    ['the deletion of its Node', { method: 'DELETE', path: `${OWN}${DRY}` }],
    ["its kubelet's API", { method: 'GET', path: `${OWN}/proxy/configz` }],
    [
      'an edit of the ConfigMap',
      { method: 'PATCH', path: `${configMap}${DRY}`, body: { data: { e2e: 'x' } } },
    ],
    ['the deletion of the ConfigMap', { method: 'DELETE', path: `${configMap}${DRY}` }],
    ['the Secrets of all namespaces', { method: 'GET', path: '/api/v1/secrets' }],
    [
      'the Secrets of its namespace',
      { method: 'GET', path: `/api/v1/namespaces/${AGENT_NAMESPACE}/secrets` },
    ],
    ['a pod', { method: 'POST', path: `${pods}${DRY}`, body: pod }],
    ['the deletion of pods', { method: 'DELETE', path: `${pods}${DRY}` }],
    ['a command in a pod', { method: 'POST', path: `${pods}/e2e/exec?command=id` }],
    ["a pod's log", { method: 'GET', path: `${pods}/e2e/log` }],
    ['a token for its own account', { method: 'POST', path: tokenPath(), body: {} }],
    ['the policy that binds it', { method: 'DELETE', path: `${bindings()}/${POLICY}${DRY}` }],
  ])('%s is refused by RBAC', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by RBAC');
  });

  it("the agent's Events on refused pods are allowed, and no Event that others would write", async () => {
    const events: readonly (readonly [string, Verdict])[] = [
      [eventOn({}), 'allowed'],
      [eventOn({ reason: 'NodeDone' }), 'refused by the policy'],
      [eventOn({ type: 'Normal' }), 'refused by the policy'],
      [eventOn({ source: { component: 'kubelet-sysctl-agent', host: 'n2' } }), 'refused by the policy'],
      [eventOn({ source: { component: 'kubelet', host: 'n1' } }), 'refused by the policy'],
      [eventOn({}, { kind: 'Secret' }), 'refused by the policy'],
      [eventOn({}, { kind: 'Node', name: 'n1' }), 'refused by the policy'],
    ];

    const verdicts: Verdict[] = [];
    for (const [event] of events) {
      const path = `/api/v1/namespaces/kube-system/events${DRY}`;
      const answer = await agent.attempt({ method: 'POST', path, body: JSON.parse(event) });
      verdicts.push(verdictOf(answer, `${POLICY}-events`));
    }
    expect(verdicts).toEqual(events.map(([, expected]) => expected));
  });

  it('the policy limits the agent even with RBAC rights to all of Nodes', async () => {
    onTestFinished(await grantAllOfNodes(node.world, WIDE));
    const status = { method: 'PATCH', path: `${OWN}/status${DRY}`, body: { status: {} } } as const;
    await until(async () => (await verdict(status)) !== 'refused by RBAC', SOON);

    const attempts: readonly Attempt[] = [
      status,
      { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } },
      { method: 'DELETE', path: `${OWN}${DRY}` },
      { method: 'DELETE', path: `/api/v1/nodes${DRY}` },
      { method: 'GET', path: `${OWN}/proxy/healthz` },
    ];

    const verdicts: Verdict[] = [];
    for (const attempt of attempts) verdicts.push(await verdict(attempt));
    expect(verdicts).toEqual(attempts.map(() => 'refused by the policy'));
  });
});

it('a token of the same account that is bound to no pod cannot write a report', async () => {
  const create = ['-n', AGENT_NAMESPACE, 'create', 'token', 'kubelet-sysctl-agent'];
  const { stdout: token } = await node.world.bed.kubectl(create);
  const podless = await thief(node, token);

  const answer = await podless.attempt({ method: 'PATCH', ...patch({ annotations: { [OURS]: 'x' } }) });

  expect(verdictOf(answer, POLICY)).toBe('refused by the policy');
});

it('a policy for another account admits the same request, and the real policy refuses it again', async () => {
  const forbidden = {
    method: 'PATCH',
    ...patch({ labels: { 'example.com/e2e': '' } }, '/api/v1/nodes/n2'),
  } as const;
  expect(await verdict(forbidden)).toBe('refused by the policy');
  const policy = admissionPolicy(node.world);
  onTestFinished(await policy.copyFor('wrong', COPY));
  expect(await until(async () => (await wrongAccount()).includes(COPY), SOON)).toBe(true);

  const bindAgain = await policy.unbind();
  onTestFinished(bindAgain);
  expect(await until(async () => (await verdict(forbidden)) === 'allowed', SOON)).toBe(true);
  expect(await wrongAccount()).toContain(COPY);

  await bindAgain();
  expect(await until(async () => (await verdict(forbidden)) === 'refused by the policy', SOON)).toBe(true);
});

async function verdict(attempt: Attempt): Promise<Verdict> {
  return verdictOf(await agent.attempt(attempt), POLICY);
}

/** Returns a dry run of a metadata patch, on the agent's own Node by default. */
function patch(metadata: object, path = OWN): Omit<Attempt, 'method'> {
  return { path: `${path}${DRY}`, body: { metadata } };
}

/** Returns the annotation and the label of this key. */
async function shown(key: string): Promise<readonly [string | undefined, string | undefined]> {
  const { metadata } = await node.world.cluster.core.readNode({ name: node.name });
  return [metadata?.annotations?.[key], metadata?.labels?.[key]];
}

/** Returns the API server's verdict for the account that the copied policy names, to which RBAC allows everything. */
async function wrongAccount(): Promise<string> {
  const change = ['annotate', 'node', node.name, `${KEYS.reason}=e2e`, '--overwrite', '--dry-run=server'];
  const as = [`--as=${userName('wrong')}`, '--as-group=system:masters'];
  const { stdout, stderr } = await node.world.bed.kubectl([...change, ...as], { reject: false });
  return stdout + stderr;
}

/** Returns an Event about a pod, as the agent of n1 writes it, with changes. */
function eventOn(changes: object, about: object = {}): string {
  return JSON.stringify({
    metadata: { name: 'e2e' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system', name: 'e2e', ...about },
    type: 'Warning',
    reason: 'SysctlNotAllowed',
    message: 'e2e',
    source: { component: 'kubelet-sysctl-agent', host: 'n1' },
    ...changes,
  });
}

function tokenPath(): string {
  return `/api/v1/namespaces/${AGENT_NAMESPACE}/serviceaccounts/kubelet-sysctl-agent/token${DRY}`;
}

function bindings(): string {
  return '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
}
