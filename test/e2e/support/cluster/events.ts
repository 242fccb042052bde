// Events as `kubectl get events` shows them.

import type { CoreV1Event } from '@kubernetes/client-node';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../../../scripts/kubernetes/names.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import type { World } from '../../../../scripts/node/world.ts';

/** Messages of a node's Events of one reason, oldest first. */
export async function nodeEvents({ world, name }: TestNode, reason: string): Promise<readonly string[]> {
  const events = await eventsOf(world, 'default', `involvedObject.name=${name},reason=${reason}`);
  return events.map(({ message }) => message ?? '');
}

const ABOUT_POLICY = `involvedObject.kind=ConfigMap,involvedObject.name=${POLICY_CONFIG_MAP}`;

/** Events about the policy's ConfigMap of one reason. */
export async function policyEvents(world: World, reason: string): Promise<readonly CoreV1Event[]> {
  return eventsOf(world, AGENT_NAMESPACE, `${ABOUT_POLICY},reason=${reason}`);
}

/** Remembers those that are there: a bed that was kept has Events of earlier cases. */
export async function policyEventsSoFar(
  world: World,
): Promise<{ readonly more: () => Promise<readonly CoreV1Event[]> }> {
  const all = () => eventsOf(world, AGENT_NAMESPACE, ABOUT_POLICY);
  const known = new Set((await all()).map(({ metadata }) => metadata.uid));
  return { more: async () => (await all()).filter(({ metadata }) => !known.has(metadata.uid)) };
}

async function eventsOf(
  { cluster }: World,
  namespace: string,
  fieldSelector: string,
): Promise<readonly CoreV1Event[]> {
  const { items } = await cluster.core.listNamespacedEvent({ namespace, fieldSelector });
  return items;
}
