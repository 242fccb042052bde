// The rights of the coordinator, tried with a token taken out of a running one. What must be refused is sent as a dry run.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ASKED, KEYS, PENDING_TAINT } from '../../agent/report/keys.ts';
import { until } from '../bed/until.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../tutorial/names.ts';
import { admissionPolicy, COORDINATOR_POLICY as POLICY, grantAllOfNodes } from './admission-policy.ts';
import { readyCoordinators } from './coordinators.ts';
import { clearPolicy } from './policy.ts';
import { type Attempt, thief, type Thief, tokenIn, type Verdict, verdictOf } from './stolen-token.ts';
import { e2eWorld, type World } from './world.ts';

const NODE = 'n1';
const PATH = `/api/v1/nodes/${NODE}`;
const DRY = '?dryRun=All';
const WIDE = 'e2e-coordinator-all-of-nodes';
const OTHER_TAINT = { key: 'example.com/e2e', effect: 'PreferNoSchedule' };
/** The API server reads new policies once a second, and roles as soon as they are there. */
const SOON = { timeoutMs: 30_000, everyMs: 250 };

let world: World;
let coordinator: Thief;

beforeAll(async () => {
  world = await e2eWorld();
  // Whatever is written here is nobody's approval.
  await clearPolicy(world);
  const [first] = await readyCoordinators(world);
  const token = await tokenIn(world, first?.pod ?? '');
  coordinator = await thief({ world }, token ?? '');
  if (!(await until(isInForce, SOON))) throw new Error(`Expected the policy ${POLICY} to be in force.`);
  await taint(`${PENDING_TAINT.key}=:${PENDING_TAINT.effect}`, `${OTHER_TAINT.key}=:${OTHER_TAINT.effect}`);
});
afterAll(async () => {
  await taint(`${PENDING_TAINT.key}-`, `${OTHER_TAINT.key}-`);
});

describe('with the token of the coordinator', () => {
  it.each(['one', '', null])('the approval of any node may be %j', async (value) => {
    for (const node of ['n1', 'n2']) {
      expect(await verdict(annotation(ASKED.approvedRevision, value, node))).toBe('allowed');
    }
  });

  it('the start-up taint may be taken away, alone', async () => {
    expect(await verdict(taints([OTHER_TAINT]))).toBe('allowed');
  });

  it.each<[string, Attempt]>([
    ["somebody else's annotation", annotation('example.com/owner')],
    ['what the agent says', annotation(KEYS.state)],
    ['what failed, according to the agent', annotation(KEYS.failedRevision)],
    ['what people ask of the agent', annotation(ASKED.retry)],
    ['the pause of a node', annotation(ASKED.paused)],
    ['an annotation that only looks like its own', annotation(`${ASKED.approvedRevision}s`)],
    ['the removal of all annotations', patch({ metadata: { annotations: null } })],
    [
      'the approval and a foreign key together',
      patch({ metadata: { annotations: { [ASKED.approvedRevision]: 'x', 'example.com/owner': 'x' } } }),
    ],
    ['a label', patch({ metadata: { labels: { e2e: 'x' } } })],
    ['the approval as a label', patch({ metadata: { labels: { [ASKED.approvedRevision]: 'x' } } })],
    ['the removal of a label', patch({ metadata: { labels: { 'kubernetes.io/os': null } } })],
    ['a finalizer', patch({ metadata: { finalizers: ['example.com/e2e'] } })],
    [
      'an owner',
      patch({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] } }),
    ],
    ['spec.unschedulable', patch({ spec: { unschedulable: true } })],
    ['the removal of another taint', taints([PENDING_TAINT])],
    ['the removal of all taints', taints([])],
    ['the removal of the field', taints(null)],
    [
      'another effect of the start-up taint',
      taints([{ ...PENDING_TAINT, effect: 'NoExecute' }, OTHER_TAINT]),
    ],
    ['a value of the start-up taint', taints([{ ...PENDING_TAINT, value: 'x' }, OTHER_TAINT])],
    [
      'another taint in the place of the start-up taint',
      taints([{ key: 'example.com/new', effect: 'NoSchedule' }, OTHER_TAINT]),
    ],
    ['one more taint', taints([PENDING_TAINT, OTHER_TAINT, { key: 'example.com/new', effect: 'NoExecute' }])],
    [
      'a JSON patch of a taint',
      {
        ...patch([
          { op: 'add', path: '/spec/taints/-', value: { key: 'example.com/new', effect: 'NoExecute' } },
        ]),
        contentType: 'application/json-patch+json',
      },
    ],
    [
      'a forced server-side apply of a label',
      {
        method: 'PATCH',
        path: `${PATH}${DRY}&fieldManager=e2e&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'Node', metadata: { labels: { 'kubernetes.io/os': 'e2e' } } },
      },
    ],
  ])('%s is refused by the policy', async (_what, attempt) => {
    expect(await verdict(attempt)).toBe('refused by the policy');
  });

  it('the start-up taint cannot be given to a node that has none', async () => {
    const attempt = patch({ spec: { taints: [PENDING_TAINT] } }, 'n2');
    expect(await verdict(attempt)).toBe('refused by the policy');
  });

  it('a status that is sent along is dropped', async () => {
    const body = { status: { nodeInfo: { kubeletVersion: 'e2e' } } };
    const answer = await coordinator.attempt(patch(body));
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('e2e"');
  });

  const inNamespace = `/api/v1/namespaces/${AGENT_NAMESPACE}`;
  const policy = `${inNamespace}/configmaps/${POLICY_CONFIG_MAP}${DRY}`;
  const pod = { metadata: { name: 'e2e' }, spec: { containers: [{ name: 'e2e', image: 'e2e' }] } };
  it.each<[string, Attempt]>([
    ["a node's status", { method: 'PATCH', path: `${PATH}/status${DRY}`, body: { status: {} } }],
    ['another Node', { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } }],
    ['the deletion of a Node', { method: 'DELETE', path: `${PATH}${DRY}` }],
    ["a kubelet's API", { method: 'GET', path: `${PATH}/proxy/configz` }],
    ['an edit of the policy', { method: 'PATCH', path: policy, body: { data: { e2e: 'x' } } }],
    ['the deletion of the policy', { method: 'DELETE', path: policy }],
    ['the Secrets of all namespaces', { method: 'GET', path: '/api/v1/secrets' }],
    ['the Secrets of its namespace', { method: 'GET', path: `${inNamespace}/secrets` }],
    ['all pods', { method: 'GET', path: '/api/v1/pods' }],
    ['the pods of its namespace', { method: 'GET', path: `${inNamespace}/pods` }],
    ['a pod', { method: 'POST', path: `${inNamespace}/pods${DRY}`, body: pod }],
    ['the deletion of pods', { method: 'DELETE', path: `${inNamespace}/pods${DRY}` }],
    ['a command in a pod', { method: 'POST', path: `${inNamespace}/pods/e2e/exec?command=id` }],
    ['the lease of a node', leaseOf('kube-node-lease', NODE)],
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

  it('rights to all of Nodes, given by mistake, are held back by the policy', async () => {
    onTestFinished(await grantAllOfNodes(world, WIDE, POLICY));
    const status = { method: 'PATCH', path: `${PATH}/status${DRY}`, body: { status: {} } } as const;
    await until(async () => (await verdict(status)) !== 'refused by RBAC', SOON);

    const attempts: readonly Attempt[] = [
      status,
      { method: 'POST', path: `/api/v1/nodes${DRY}`, body: { metadata: { name: 'e2e' } } },
      { method: 'DELETE', path: `${PATH}${DRY}` },
      { method: 'GET', path: `${PATH}/proxy/healthz` },
    ];

    const verdicts: Verdict[] = [];
    for (const attempt of attempts) verdicts.push(await verdict(attempt));
    expect(verdicts).toEqual(attempts.map(() => 'refused by the policy'));
  });
});

it('without the binding of the policy the same goes through, and with it it is refused again', async () => {
  const forbidden = [annotation('example.com/e2e'), taints([])];
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
  return (await verdict(annotation('example.com/e2e'))) === 'refused by the policy';
}

async function verdict(attempt: Attempt): Promise<Verdict> {
  return verdictOf(await coordinator.attempt(attempt), POLICY);
}

/** A dry run. */
function patch(body: unknown, node = NODE): Attempt {
  return { method: 'PATCH', path: `/api/v1/nodes/${node}${DRY}`, body };
}

function annotation(key: string, value: string | null = 'x', node = NODE): Attempt {
  return patch({ metadata: { annotations: { [key]: value } } }, node);
}

/** All that the node has: a merge patch replaces the whole list. */
function taints(all: readonly object[] | null): Attempt {
  return patch({ spec: { taints: all } });
}

function leaseOf(namespace: string, name: string): Attempt {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}${DRY}`;
  return { method: 'PATCH', path, body: { spec: { leaseDurationSeconds: 1 } } };
}

async function taint(...changes: readonly string[]): Promise<void> {
  await world.bed.kubectl(['taint', 'node', NODE, ...changes], { reject: false });
}
