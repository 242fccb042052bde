// An admission policy of another party takes the AppArmor profile out of the agent's pod.

import { expect, it } from 'vitest';
import { AGENT_NAMESPACE } from '../../scripts/kubernetes/names.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { printTime } from './support/figures.ts';
import { machineWith, replaceAgent } from './support/node.ts';

const NAME = 'net.core.somaxconn';
const POLICY = 'machines-no-apparmor-profile';
const REMOVE = '[JSONPatch{op: "remove", path: "/spec/securityContext/appArmorProfile"}]';
const OBJECTS = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: POLICY },
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': AGENT_NAMESPACE } },
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      matchConditions: [
        { name: 'has-a-profile', expression: 'has(object.spec.securityContext.appArmorProfile)' },
      ],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: REMOVE } }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: POLICY },
    spec: { policyName: POLICY },
  },
];

it('an agent that AppArmor confines reports the profile and what to set, and is Done when it is no longer confined', async () => {
  const node = await machineWith([NAME]);
  await take(node);
  try {
    // The API server applies a new policy a moment later.
    await node.waitFor({ what: 'have an agent without its AppArmor profile' }, async () => {
      const { name } = await replaceAgent(node);
      const pod = await node.world.cluster.core.readNamespacedPod({ namespace: AGENT_NAMESPACE, name });
      return pod.spec?.securityContext?.appArmorProfile === undefined ? pod : undefined;
    });
    const { reason } = await node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');
    expect(reason).toMatch(
      /AppArmor confines the agent by the profile cri-containerd\.apparmor\.d \(enforce\).*appArmorProfile.*Unconfined/su,
    );
  } finally {
    await giveBack(node);
  }

  const begun = performance.now();
  await node.waitFor({ what: 'have an agent with its AppArmor profile' }, async () => {
    const { name } = await replaceAgent(node);
    const pod = await node.world.cluster.core.readNamespacedPod({ namespace: AGENT_NAMESPACE, name });
    return pod.spec?.securityContext?.appArmorProfile?.type === 'Unconfined' ? pod : undefined;
  });
  await node.awaitDone([NAME]);
  printTime('from the end of the policy to Done', begun);
});

async function take({ world }: TestNode): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: OBJECTS };
  await world.bed.kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) });
}

async function giveBack({ world }: TestNode): Promise<void> {
  const kinds = OBJECTS.map(({ kind }) => `${kind.toLowerCase()}/${POLICY}`);
  await world.bed.kubectl(['delete', ...kinds]);
}
