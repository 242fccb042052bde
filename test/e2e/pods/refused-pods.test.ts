// Pods that a kubelet refuses for a sysctl, and the Events that say how to allow it.

import { afterAll, describe, expect, it } from 'vitest';
import type { CoreV1Event } from '@kubernetes/client-node';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { freshNode } from '../support/node/fresh.ts';
import { e2eWorld } from '../support/bed.ts';

const REFUSED = 'net.core.somaxconn';
const LISTED = 'net.ipv4.tcp_max_syn_backlog';
const NAMESPACE = 'e2e-refused';
const DEPLOYMENT = 'storm';

afterAll(async () => {
  const { bed } = await e2eWorld();
  await bed.kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
});

describe('pods that a kubelet refuses without end', () => {
  it('one Event says which line to ask for, however many pods the ReplicaSet makes', async () => {
    const node = await freshNode('n1');
    // A profile that allows the name on other nodes would be named instead.
    await clearPolicy(node.world);
    await setKeys(node.world, { allowedUnsafeSysctls: LISTED });
    await node.awaitDone([LISTED]);

    await refuseWithoutEnd(node);
    const [event] = await node.waitFor({ what: 'get an Event on a refused pod' }, async () => {
      const found = await eventsOn(node);
      return found.length > 0 && (await refusedPods(node)) >= 10 ? found : undefined;
    });

    expect(event).toMatchObject({
      type: 'Warning',
      involvedObject: { kind: 'Pod', namespace: NAMESPACE },
      source: { component: 'kubelet-sysctl-agent', host: node.name },
    });
    expect(event?.message).toContain(
      `add this line to the key allowedUnsafeSysctls of the ConfigMap kubelet-sysctl-agent/kubelet-sysctls: ${REFUSED}`,
    );
    const pod = event?.involvedObject.name ?? '';
    const { stdout } = await node.world.bed.kubectl(['-n', NAMESPACE, 'describe', 'pod', pod]);
    expect(stdout).toMatch(/Events:[\s\S]*Warning\s+SysctlNotAllowed/u);
    // An hour may begin in between.
    expect(await hoursOf(node)).toEqual([...new Set(await hoursOf(node))]);
  });
});

/** A Deployment whose pods the node's kubelet refuses: its controller makes one after the other. */
async function refuseWithoutEnd({ world: { bed }, name }: TestNode): Promise<void> {
  const labels = { app: DEPLOYMENT };
  const pod = {
    nodeSelector: { 'kubernetes.io/hostname': name },
    securityContext: { sysctls: [{ name: REFUSED, value: '1024' }] },
    containers: [{ name: 'app', image: 'refused' }],
  };
  const template = { metadata: { labels }, spec: pod };
  const spec = { replicas: 2, selector: { matchLabels: labels }, template };
  const metadata = { name: DEPLOYMENT, namespace: NAMESPACE };
  await bed.kubectl(['create', 'namespace', NAMESPACE]);
  const input = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  await bed.kubectl(['create', '-f', '-'], { input });
}

async function eventsOn({ world }: TestNode): Promise<readonly CoreV1Event[]> {
  const { items } = await world.cluster.core.listNamespacedEvent({
    namespace: NAMESPACE,
    fieldSelector: 'reason=SysctlNotAllowed',
  });
  return items;
}

async function refusedPods({ world }: TestNode): Promise<number> {
  const { items } = await world.cluster.core.listNamespacedPod({ namespace: NAMESPACE });
  return items.filter(({ status }) => status?.reason === 'SysctlForbidden').length;
}

async function hoursOf(node: TestNode): Promise<readonly (string | undefined)[]> {
  const events = await eventsOn(node);
  return events.map(({ firstTimestamp }) => firstTimestamp?.toISOString().slice(0, 13));
}
