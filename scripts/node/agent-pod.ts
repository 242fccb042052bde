// The agent's pod on a node.

import type { V1Pod } from '@kubernetes/client-node';
import { AGENT_NAMESPACE, AGENT_PODS } from '../kubernetes/names.ts';
import type { World } from './world.ts';

export interface AgentPod {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** The exit code of the previous container. */
  readonly lastExitCode: number | undefined;
}

/** Returns the node's agent pod that is not being deleted; undefined when there is none. */
export async function agentPodOn(
  { cluster }: Pick<World, 'cluster'>,
  node: string,
): Promise<AgentPod | undefined> {
  const { items } = await cluster.core.listNamespacedPod({
    namespace: AGENT_NAMESPACE,
    labelSelector: AGENT_PODS,
    fieldSelector: `spec.nodeName=${node}`,
  });
  const pod = items.find(({ metadata }) => metadata?.deletionTimestamp === undefined);
  return pod && agentPod(pod);
}

function agentPod({ metadata, status }: V1Pod): AgentPod {
  const [container] = status?.containerStatuses ?? [];
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    ready: container?.ready ?? false,
    restarts: container?.restartCount ?? 0,
    lastExitCode: container?.lastState?.terminated?.exitCode,
  };
}
