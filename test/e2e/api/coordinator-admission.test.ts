// The rights of the coordinator, tested with the token of a running one. Requests that must be refused are sent as dry runs.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { INPUT_KEYS, KEYS, PENDING_TAINT, STATUS_NAME } from '../../../agent/names.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../../scripts/kubernetes/names.ts';
import {
  admissionPolicy,
  COORDINATOR_POLICY as POLICY,
  grantAllOfNodes,
} from '../support/cluster/admission-policy.ts';
import { readyCoordinators } from '../support/cluster/coordinators.ts';
import {
  type Attempt,
  thief,
  type Thief,
  tokenIn,
  type Verdict,
  verdictOf,
} from '../support/cluster/stolen-token.ts';
import { e2eWorld } from '../support/bed.ts';
import type { World } from '../../../scripts/node/world.ts';

/** A Node without a kubelet; without the label kubernetes.io/os no agent is scheduled to it. */
const NODE = 'e2e-joining';
const PATH = `/api/v1/nodes/${NODE}`;
const DRY = '?dryRun=All';
const WIDE = 'e2e-coordinator-all-of-nodes';
const FOREIGN = 'example.com/owner';
const NEW_TAINT = { key: 'example.com/new', effect: 'NoExecute' };
const OTHER_TAINT = { key: 'example.com/e2e', value: 'x', effect: 'NoSchedule' };
/** The API server reads new policies once a second, and new roles immediately. */
const SOON = { timeoutMs: 30_000, everyMs: 250 };

let world: World;
let coordinator: Thief;

beforeAll(async () => {
  world = await e2eWorld();
  await world.cluster.core.createNode({
    body: {
      metadata: { name: NODE, labels: { [FOREIGN]: 'theirs' }, annotations: { [FOREIGN]: 'theirs' } },
      spec: { taints: [OTHER_TAINT, PENDING_TAINT] },
    },
  });
  const tokens: string[] = [];
  // A kubelet that has just restarted accepts no exec yet.
  await until(async () => {
    const [first] = await readyCoordinators(world);
    const token = await tokenIn(world, first?.pod ?? '');
    return token !== undefined && tokens.push(token) > 0;
  }, SOON);
  coordinator = await thief({ world }, tokens[0] ?? '');
  if (!(await until(isInForce, SOON))) throw new Error(`Expected the policy ${POLICY} to be in force.`);
});
afterAll(async () => {
  await world.bed.kubectl(['delete', 'node', NODE, '--ignore-not-found'], { reject: false });
});

describe('with the token of the coordinator', () => {
  it.each(['one', '', null])('the approval of any node may be %j', async (value) => {
    for (const node of ['n1', 'n2', NODE]) {
      expect(await verdict(annotation(INPUT_KEYS.approvedRevision, value, node))).toBe('allowed');
    }
  });

  it('the start-up taint, and no other, may be removed', async () => {
    expect(await verdict(taintOp({ op: 'remove', path: '/spec/taints/1' }))).toBe('allowed');
    const others = (await world.cluster.core.readNode({ name: NODE })).spec?.taints?.filter(
      ({ key }) => key !== PENDING_TAINT.key,
    );
    expect(await verdict(taints(others ?? null))).toBe('allowed');
  });

  it.each<[string, Attempt]>([
    ["another party's annotation", annotation(FOREIGN)],
    ['what the agent says', annotation(KEYS.state)],
    ['what failed, according to the agent', annotation(KEYS.failedRevision)],
    ['what people ask of the agent', annotation(INPUT_KEYS.retry)],
    ['the pause of a node', annotation(INPUT_KEYS.paused)],
    ['an annotation whose key resembles its own', annotation(`${INPUT_KEYS.approvedRevision}s`)],
    ["the removal of another party's annotation", annotation(FOREIGN, null)],
    ['the removal of all annotations', patch({ metadata: { annotations: null } })],
    [
      'the approval and a foreign key together',
      patch({ metadata: { annotations: { [INPUT_KEYS.approvedRevision]: 'x', [FOREIGN]: 'x' } } }),
    ],
    ['a label', patch({ metadata: { labels: { e2e: 'x' } } })],
    ['the approval as a label', patch({ metadata: { labels: { [INPUT_KEYS.approvedRevision]: 'x' } } })],
    ['the removal of a label', patch({ metadata: { labels: { [FOREIGN]: null } } })],
    ['a finalizer', patch({ metadata: { finalizers: ['example.com/e2e'] } })],
    [
      'an owner',
      patch({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] } }),
    ],
    ['spec.unschedulable', patch({ spec: { unschedulable: true } })],
    ['an address range for pods', patch({ spec: { podCIDR: '10.9.8.0/24' } })],
    ['the removal of another taint', taints([PENDING_TAINT])],
    ['the removal of all taints', taints([])],
    ['the removal of the field', taints(null)],
    [
      'another effect of the start-up taint',
      taintOp({ op: 'replace', path: '/spec/taints/1/effect', value: 'NoExecute' }),
    ],
    ['a value of the start-up taint', taints([{ ...PENDING_TAINT, value: 'x' }, OTHER_TAINT])],
    ['another value of another taint', taintOp({ op: 'replace', path: '/spec/taints/0/value', value: 'y' })],
    ['another taint in the place of the start-up taint', taints([NEW_TAINT, OTHER_TAINT])],
    ['one more taint', taintOp({ op: 'add', path: '/spec/taints/-', value: NEW_TAINT })],
    [
      'the start-up taint taken away and the node cordoned',
      taintOp(
        { op: 'remove', path: '/spec/taints/1' },
        { op: 'add', path: '/spec/unschedulable', value: true },
      ),
    ],
    [
      'a forced server-side apply of a label',
      {
        method: 'PATCH',
        path: `${PATH}${DRY}&fieldManager=e2e&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'Node', metadata: { labels: { [FOREIGN]: 'ours' } } },
      },
    ],
  ])('%s is refused by the policy', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by the policy');
  });

  it('the start-up taint cannot be added to a node', async () => {
    const attempt = patch({ spec: { taints: [PENDING_TAINT] } }, 'n2');
    expect(await verdict(attempt)).toBe('refused by the policy');
  });

  it('a status in the patch is dropped', async () => {
    const body = { status: { nodeInfo: { kubeletVersion: 'v0.0.1-e2e' } } };
    const answer = await coordinator.attempt(patch(body));
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('v0.0.1-e2e');
  });

  const inNamespace = `/api/v1/namespaces/${AGENT_NAMESPACE}`;
  const policy = `${inNamespace}/configmaps/${POLICY_CONFIG_MAP}${DRY}`;
  const pod = { metadata: { name: 'e2e' }, spec: { containers: [{ name: 'e2e', image: 'e2e' }] } };
  it.each<[string, Attempt]>([
    ["a node's status", { method: 'PATCH', path: `${PATH}/status${DRY}`, body: { status: {} } }],
    ['another Node', { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } }],
    ['the deletion of a Node', { method: 'DELETE', path: `${PATH}${DRY}` }],
    ["a kubelet's API", { method: 'GET', path: '/api/v1/nodes/n1/proxy/configz' }],
    ['an edit of the policy', { method: 'PATCH', path: policy, body: { data: { e2e: 'x' } } }],
    ['the deletion of the policy', { method: 'DELETE', path: policy }],
    [
      'the deletion of its status',
      { method: 'DELETE', path: `${inNamespace}/configmaps/${STATUS_NAME}${DRY}` },
    ],
    ['the Secrets of all namespaces', { method: 'GET', path: '/api/v1/secrets' }],
    ['the Secrets of its namespace', { method: 'GET', path: `${inNamespace}/secrets` }],
    ['all pods', { method: 'GET', path: '/api/v1/pods' }],
    ['the pods of its namespace', { method: 'GET', path: `${inNamespace}/pods` }],
    ['a pod', { method: 'POST', path: `${inNamespace}/pods${DRY}`, body: pod }],
    ['the deletion of pods', { method: 'DELETE', path: `${inNamespace}/pods${DRY}` }],
    ['a command in a pod', { method: 'POST', path: `${inNamespace}/pods/e2e/exec?command=id` }],
    ['the lease of a node', leaseOf('kube-node-lease', 'n1')],
    ["another one's lease", leaseOf(AGENT_NAMESPACE, 'e2e')],
    [
      'a token for its own account',
      { method: 'POST', path: `${inNamespace}/serviceaccounts/${POLICY}/token${DRY}`, body: {} },
    ],
    [
      'the policy that binds it',
      {
        method: 'DELETE',
        path: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/${POLICY}${DRY}`,
      },
    ],
  ])('%s is refused by RBAC', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by RBAC');
  });

  it('the policy limits the coordinator even with RBAC rights to all of Nodes', async () => {
    onTestFinished(await grantAllOfNodes(world, WIDE, POLICY));
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

it('the same request is admitted without the binding of the policy, and refused again with it', async () => {
  const forbidden = [annotation(FOREIGN), taints([])];
  const verdicts = async (): Promise<string> => {
    const found: Verdict[] = [];
    for (const attempt of forbidden) found.push(await verdict(attempt));
    return [...new Set(found)].join();
  };

  const bindAgain = await admissionPolicy(world, POLICY).unbind();
  onTestFinished(bindAgain);
  expect(await until(async () => (await verdicts()) === 'allowed', SOON)).toBe(true);

  await bindAgain();
  expect(await until(async () => (await verdicts()) === 'refused by the policy', SOON)).toBe(true);
});

async function isInForce(): Promise<boolean> {
  return (await verdict(annotation(FOREIGN))) === 'refused by the policy';
}

async function verdict(attempt: Attempt): Promise<Verdict> {
  return verdictOf(await coordinator.attempt(attempt), POLICY);
}

/** Returns a dry run of a patch. */
function patch(body: unknown, node = NODE): Attempt {
  return { method: 'PATCH', path: `/api/v1/nodes/${node}${DRY}`, body };
}

function annotation(key: string, value: string | null = 'x', node = NODE): Attempt {
  return patch({ metadata: { annotations: { [key]: value } } }, node);
}

/** Returns a patch with all taints of the node: a merge patch replaces the whole list. */
function taints(all: readonly object[] | null): Attempt {
  return patch({ spec: { taints: all } });
}

function taintOp(...body: readonly object[]): Attempt {
  return { ...patch(body), contentType: 'application/json-patch+json' };
}

function leaseOf(namespace: string, name: string): Attempt {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}${DRY}`;
  return { method: 'PATCH', path, body: { spec: { leaseDurationSeconds: 1 } } };
}
