// Events as `kubectl get events` shows them.

import type { CoreV1Event } from '@kubernetes/client-node';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../tutorial/names.ts';
import type { TestNode } from './test-node.ts';
import type { World } from './world.ts';

/** Messages of a node's Events of one reason, oldest first. */
export async function nodeEvents({ world, name }: TestNode, reason: string): Promise<readonly string[]> {
  const events = await eventsOf(world, 'default', `involvedObject.name=${name},reason=${reason}`);
  return events.map(({ message }) => message ?? '');
}

/** Events about the policy's ConfigMap of one reason. */
export async function policyEvents(world: World, reason: string): Promise<readonly CoreV1Event[]> {
  return eventsOf(
    world,
    AGENT_NAMESPACE,
    `involvedObject.kind=ConfigMap,involvedObject.name=${POLICY_CONFIG_MAP},reason=${reason}`,
  );
}

async function eventsOf(
  { cluster }: World,
  namespace: string,
  fieldSelector: string,
): Promise<readonly CoreV1Event[]> {
  const { items } = await cluster.core.listNamespacedEvent({ namespace, fieldSelector });
  return items;
}
