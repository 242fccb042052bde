// The policies that bind the agents and the coordinator, and copies of them.

import {
  AdmissionregistrationV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1ValidatingAdmissionPolicy,
  type V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import { ifThere } from '../../../../scripts/kubernetes/cluster.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../../../scripts/kubernetes/names.ts';
import type { World } from '../../../../scripts/node/world.ts';

/** Each names both of its objects, and the account they are about. */
export const POLICY = 'kubelet-sysctl-agent';
export const COORDINATOR_POLICY = 'kubelet-sysctl-coordinator';

export function userName(account: string): string {
  return `system:serviceaccount:${AGENT_NAMESPACE}:${account}`;
}

export interface AdmissionPolicy {
  /** Removes the binding of daemonset/; the returned function restores it. */
  unbind(): Promise<() => Promise<void>>;
  /** Makes a copy with its own binding for another account; the returned function removes both. */
  copyFor(account: string, name: string): Promise<() => Promise<void>>;
}

export function admissionPolicy({ bed }: World, policy = POLICY): AdmissionPolicy {
  const api = apiOf(bed.kubeconfig, AdmissionregistrationV1Api);
  const binding = () => api.readValidatingAdmissionPolicyBinding({ name: policy });
  return {
    unbind: async () => {
      const body = withoutServerFields(await binding());
      await api.deleteValidatingAdmissionPolicyBinding({ name: policy });
      return async () => {
        if ((await ifThere(binding())) === undefined)
          await api.createValidatingAdmissionPolicyBinding({ body });
      };
    },
    copyFor: async (account, name) => {
      const real = await api.readValidatingAdmissionPolicy({ name: policy });
      await api.createValidatingAdmissionPolicy({ body: copyOf(real, { from: policy, to: account }, name) });
      const { spec } = await binding();
      spec.policyName = name;
      await api.createValidatingAdmissionPolicyBinding({ body: { metadata: { name }, spec } });
      return async () => {
        await ifThere(api.deleteValidatingAdmissionPolicyBinding({ name }));
        await ifThere(api.deleteValidatingAdmissionPolicy({ name }));
      };
    },
  };
}

/** Resolves when the API server accepts every edit of the policy's ConfigMap, so that the agents must judge it; the returned function ends that. */
export async function unjudgedEdits(world: World): Promise<() => Promise<void>> {
  const restore = await admissionPolicy(world, POLICY_CONFIG_MAP).unbind();
  const patch = ['patch', 'configmap', POLICY_CONFIG_MAP, '--type=merge', '-p', '{"data":{"mode":"?"}}'];
  const command = ['-n', AGENT_NAMESPACE, ...patch, '--dry-run=server'];
  const isAccepted = async (): Promise<boolean> =>
    (await world.bed.kubectl(command, { reject: false })).exitCode === 0;
  await until(isAccepted, { timeoutMs: 30_000, everyMs: 200 });
  return restore;
}

/** Gives one of our accounts all rights to Nodes, as by mistake; the returned function revokes them. */
export async function grantAllOfNodes(
  { bed }: World,
  name: string,
  account = POLICY,
): Promise<() => Promise<void>> {
  const api = apiOf(bed.kubeconfig, RbacAuthorizationV1Api);
  const rules = [{ apiGroups: [''], resources: ['nodes', 'nodes/status', 'nodes/proxy'], verbs: ['*'] }];
  await api.createClusterRole({ body: { metadata: { name }, rules } });
  await api.createClusterRoleBinding({
    body: {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: AGENT_NAMESPACE }],
    },
  });
  return async () => {
    await ifThere(api.deleteClusterRoleBinding({ name }));
    await ifThere(api.deleteClusterRole({ name }));
  };
}

function copyOf(
  { spec }: V1ValidatingAdmissionPolicy,
  account: { readonly from: string; readonly to: string },
  name: string,
): V1ValidatingAdmissionPolicy {
  for (const condition of spec?.matchConditions ?? []) {
    condition.expression = condition.expression.replace(userName(account.from), userName(account.to));
  }
  return { metadata: { name }, ...(spec && { spec }) };
}

/** Returns the binding without the fields that the API server added. */
function withoutServerFields(
  binding: V1ValidatingAdmissionPolicyBinding,
): V1ValidatingAdmissionPolicyBinding {
  for (const key of ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'] as const) {
    delete binding.metadata?.[key];
  }
  return binding;
}

function apiOf<Api extends AdmissionregistrationV1Api | RbacAuthorizationV1Api>(
  kubeconfig: string,
  type: Parameters<typeof KubeConfig.prototype.makeApiClient<Api>>[0],
): Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config.makeApiClient(type);
}
