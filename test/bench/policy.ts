// The edits of the ConfigMap that are measured, on a connection that is already open: connecting is no part of an edit.

import { once } from 'node:events';
import { Agent, request, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { AGENT_NAMESPACE, LIST_KEY, POLICY_CONFIG_MAP, SAFE_SYSCTL } from '../tutorial/names.ts';

export interface PolicyEditor {
  /** Sends the edit; resolves with performance.now() of the instant before it was sent, once the API server has it. */
  apply(policy: NodePolicy): Promise<number>;
  close(): void;
}

/** What one node is to allow; nothing is asked of the others. */
export interface NodePolicy {
  readonly node: string;
  readonly allowances: readonly string[];
  readonly mode: 'Enforce' | 'Observe';
}

export async function policyEditor(config: KubeConfig): Promise<PolicyEditor> {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('Expected the kubeconfig to name a cluster, it does not.');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = new URL(`/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/${POLICY_CONFIG_MAP}`, server);
  const options: RequestOptions = {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
  };
  await config.applyToHTTPSOptions(options);

  return {
    async apply(policy) {
      const body = JSON.stringify({ data: dataOf(policy) });
      const sent = performance.now();
      const asked = request(url, { ...options, agent });
      asked.end(body);
      const [response] = await once(asked, 'response');
      const text = await new Response(response).text();
      if (response.statusCode !== 200) {
        throw new Error(`Expected the API server to take the ConfigMap, got ${response.statusCode}: ${text}`);
      }
      return sent;
    },
    close: () => agent.destroy(),
  };
}

function dataOf({ node, allowances, mode }: NodePolicy): Readonly<Record<string, string>> {
  const profile = {
    name: 'bench',
    nodeSelector: { 'kubernetes.io/hostname': node },
    allowedUnsafeSysctls: allowances,
  };
  // What is measured is one node, not the wait for its turn.
  return { [LIST_KEY]: `${SAFE_SYSCTL}\n`, profiles: stringify([profile]), mode, rollout: 'Immediate' };
}
