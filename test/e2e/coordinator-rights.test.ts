// The rights of the coordinator, tried with a token of its account, as test/e2e/admission.test.ts tries the agent's.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STATUS_NAME } from '../../agent/cluster/fleet.ts';
import { COORDINATOR } from '../../agent/cluster/fleet-node.ts';
import { ASKED, KEYS, PENDING_TAINT } from '../../agent/report/keys.ts';
import { until } from '../bed/until.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../tutorial/names.ts';
import { grantAllOfNodes } from './admission-policy.ts';
import { type Attempt, type Thief, thief, type Verdict, verdictOf } from './stolen-token.ts';
import { e2eWorld } from './world.ts';
import type { World } from './world.ts';

/** A Node without a kubelet; without labels no agent is scheduled onto it. */
const NODE = 'e2e-joining';
const PATH = `/api/v1/nodes/${NODE}`;
const DRY = '?dryRun=All';
const WIDE = 'e2e-coordinator-all-of-nodes';
const SOON = { timeoutMs: 30_000, everyMs: 250 };
const OTHER_TAINT = { key: 'example.com/e2e', value: 'x', effect: 'NoSchedule' };

let world: World;
let coordinator: Thief;

beforeAll(async () => {
  world = await e2eWorld();
  await world.cluster.core.createNode({
    body: { metadata: { name: NODE }, spec: { taints: [OTHER_TAINT, PENDING_TAINT] } },
  });
  const { stdout: token } = await world.bed.kubectl(['-n', AGENT_NAMESPACE, 'create', 'token', COORDINATOR]);
  coordinator = await thief({ world }, token);
  if (!(await until(isInForce, SOON))) throw new Error(`Expected the policy ${COORDINATOR} to be in force.`);
});

afterAll(async () => {
  await world.bed.kubectl(['delete', 'node', NODE, '--ignore-not-found'], { reject: false });
});

describe('with a token of the coordinator', () => {
  it('any Node may be approved, and the approval taken back', async () => {
    const verdicts: Verdict[] = [];
    for (const value of ['aaaaaaaaaa', '', null]) {
      verdicts.push(await verdict(patch({ annotations: { [ASKED.approvedRevision]: value } })));
    }
    expect(verdicts).toEqual(['allowed', 'allowed', 'allowed']);
  });

  it('our taint may be taken away, alone or as the last one', async () => {
    expect(await verdict(taints([{ op: 'remove', path: '/spec/taints/1' }]))).toBe('allowed');
    expect(
      await verdict({ method: 'PATCH', path: `${PATH}${DRY}`, body: { spec: { taints: [OTHER_TAINT] } } }),
    ).toBe('allowed');
  });

  it.each<[string, Attempt]>([
    ["the agent's report", patch({ annotations: { [KEYS.state]: 'Done' } })],
    ["a person's pause", patch({ annotations: { [ASKED.paused]: 'true' } })],
    ['all annotations', patch({ annotations: null, labels: null })],
    [
      'the approval and a foreign key together',
      patch({ annotations: { [ASKED.approvedRevision]: 'x', 'example.com/e2e': 'x' } }),
    ],
    ['the approval as a label', patch({ labels: { [ASKED.approvedRevision]: 'x' } })],
    ['a finalizer', patch({ finalizers: ['example.com/e2e'] })],
    ['an owner', patch({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] })],
    ['the removal of another taint', taints([{ op: 'remove', path: '/spec/taints/0' }])],
    ['the removal of all taints', taints([{ op: 'remove', path: '/spec/taints' }])],
    [
      'a new taint',
      taints([{ op: 'add', path: '/spec/taints/-', value: { key: 'e2e', effect: 'NoExecute' } }]),
    ],
    [
      'another effect of our taint',
      taints([{ op: 'replace', path: '/spec/taints/1/effect', value: 'NoExecute' }]),
    ],
    ['another value of a taint', taints([{ op: 'replace', path: '/spec/taints/0/value', value: 'y' }])],
    [
      'our taint taken away and the Node cordoned',
      taints([
        { op: 'remove', path: '/spec/taints/1' },
        { op: 'add', path: '/spec/unschedulable', value: true },
      ]),
    ],
    ['an address range for pods', taints([{ op: 'add', path: '/spec/podCIDR', value: '10.9.8.0/24' }])],
  ])('%s is refused by the policy', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by the policy');
  });

  const configMaps = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps`;
  const leases = '/apis/coordination.k8s.io/v1/namespaces';
  it.each<[string, Attempt]>([
    ["a Node's status", { method: 'PATCH', path: `${PATH}/status${DRY}`, body: { status: {} } }],
    ['another Node', { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } }],
    ['the deletion of a Node', { method: 'DELETE', path: `${PATH}${DRY}` }],
    [
      'an edit of the policy',
      { method: 'PATCH', path: `${configMaps}/${POLICY_CONFIG_MAP}${DRY}`, body: {} },
    ],
    ['the deletion of its status', { method: 'DELETE', path: `${configMaps}/${STATUS_NAME}${DRY}` }],
    ["a kubelet's lease", { method: 'PATCH', path: `${leases}/kube-node-lease/leases/n1${DRY}`, body: {} }],
    ['the pods of all namespaces', { method: 'GET', path: '/api/v1/pods' }],
    [
      'the Secrets of its namespace',
      { method: 'GET', path: `/api/v1/namespaces/${AGENT_NAMESPACE}/secrets` },
    ],
  ])('%s is refused by RBAC', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by RBAC');
  });

  it('rights to all of Nodes, given by mistake, are held back by the policy', async () => {
    onTestFinished(await grantAllOfNodes(world, WIDE, COORDINATOR));
    const status = { method: 'PATCH', path: `${PATH}/status${DRY}`, body: { status: {} } } as const;
    await until(async () => (await verdict(status)) !== 'refused by RBAC', SOON);
    const attempts: readonly Attempt[] = [
      status,
      { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } },
      { method: 'DELETE', path: `${PATH}${DRY}` },
      { method: 'GET', path: '/api/v1/nodes/n1/proxy/healthz' },
    ];
    const verdicts: Verdict[] = [];
    for (const attempt of attempts) verdicts.push(await verdict(attempt));
    expect(verdicts).toEqual(attempts.map(() => 'refused by the policy'));
  });
});

/** A new policy is read some moments after it was made. */
async function isInForce(): Promise<boolean> {
  return (await verdict(patch({ labels: { e2e: '' } }))) === 'refused by the policy';
}

async function verdict(attempt: Attempt): Promise<Verdict> {
  return verdictOf(await coordinator.attempt(attempt), COORDINATOR);
}

/** A dry run: it passes every admission and changes nothing. */
function patch(metadata: object): Attempt {
  return { method: 'PATCH', path: `${PATH}${DRY}`, body: { metadata } };
}

function taints(body: readonly object[]): Attempt {
  return { method: 'PATCH', path: `${PATH}${DRY}`, contentType: 'application/json-patch+json', body };
}
