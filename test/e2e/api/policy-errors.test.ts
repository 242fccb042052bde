// Invalid ConfigMaps: no node changes, and every node and one Event report the error.

import { describe, expect, it, onTestFinished } from 'vitest';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { unjudgedEdits } from '../support/cluster/admission-policy.ts';
import { policyEvents } from '../support/cluster/events.ts';
import { freshNodes } from '../support/node/fresh.ts';
import { deletePolicy, policyVersion, setKeys } from '../../../scripts/node/policy.ts';
import type { Report } from '../../../scripts/node/report.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const ALL = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;
const LIST = 'allowedUnsafeSysctls';
const NAME = 'net.core.somaxconn';
const OTHER = 'net.ipv4.tcp_max_syn_backlog';

describe('a ConfigMap that is not valid', () => {
  it('changes no node, is reported on each node and by one Event, and the last valid policy stays in force', async () => {
    const nodes = await freshNodes(ALL);
    const [first, second, third] = nodes;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('Expected five nodes.');
    const { world } = first;
    await setKeys(world, { [LIST]: NAME });
    await everyDone(nodes, [NAME]);
    const before = await stateOfAll(nodes);
    onTestFinished(await unjudgedEdits(world));

    await setKeys(world, { [LIST]: `${NAME}\nkernel.*\n`, mode: 'Enforced' });
    const reports = await everyReport(
      nodes,
      'tell the error',
      ({ policyError }) => policyError !== undefined,
    );

    for (const { policyError } of reports) {
      expect(policyError).toContain(`${LIST}, line 2: `);
      expect(policyError).toContain('kernel.*');
      expect(policyError).toMatch(/mode, line 1: .*Did you mean Enforce\?/u);
    }
    expect(reports.map(({ state }) => state)).toEqual(['Done', 'Done', 'Done', 'Done', 'Unreconcilable']);
    const describeArgs = ['-n', AGENT_NAMESPACE, 'describe', 'configmap', POLICY_CONFIG_MAP];
    const { stdout: described } = await world.bed.kubectl(describeArgs);
    expect(described).toMatch(/Events:[\s\S]*Warning\s+PolicyInvalid[\s\S]*kernel\.\*/u);
    expect(await eventsOfThisVersion(first)).toHaveLength(1);
    expect(await stateOfAll(nodes)).toEqual(before);

    const healthy = await first.text();
    await first.write('KUBELET_EXTRA_ARGS=\n');
    await healed(first);
    const old = await agentPodOn(world, second.name);
    await world.cluster.core.deleteNamespacedPod({ namespace: AGENT_NAMESPACE, name: old?.name ?? '' });
    await second.waitFor({ what: 'have a new agent that is Ready' }, async () => {
      const pod = await agentPodOn(world, second.name);
      return pod?.ready === true && pod.uid !== old?.uid ? true : undefined;
    });
    await second.write((await second.text())?.replace(` --allowed-unsafe-sysctls=${NAME}`, '') ?? '');
    await healed(second);
    expect(healthy).toContain(NAME);
    expect(await eventsOfThisVersion(first)).toHaveLength(1);

    await setKeys(world, { [LIST]: NAME, mode: undefined });
    await everyReport(nodes, 'take the error back', ({ policyError }) => policyError === undefined);
    expect(await third.kubelet()).toEqual(before[2]?.kubelet);
  });
});

describe('a ConfigMap that is deleted', () => {
  it('removes nothing from any node, is reported, and the next policy is applied', async () => {
    const nodes = await freshNodes(ALL);
    const [first] = nodes;
    if (first === undefined) throw new Error('Expected five nodes.');
    const { world } = first;
    await setKeys(world, { [LIST]: NAME });
    await everyDone(nodes, [NAME]);
    const before = await stateOfAll(nodes);

    await deletePolicy(world);
    const reports = await everyReport(
      nodes,
      'tell the error',
      ({ policyError }) => policyError !== undefined,
    );

    for (const { policyError, reason } of reports) {
      expect(policyError).toMatch(/Expected a ConfigMap kubelet-sysctl-agent\/kubelet-sysctls, found none/u);
      expect(reason).toContain('The last valid policy stays in force');
    }
    expect(await stateOfAll(nodes)).toEqual(before);
    const events = await policyEvents(world, 'PolicyInvalid');
    const missing = events.filter(({ message }) => message?.includes('found none') === true);
    // One Event for the fleet, or two when the hour changes: its name contains the hour.
    const hours = missing.map(({ firstTimestamp }) => firstTimestamp?.toISOString().slice(0, 13));
    expect(missing.length).toBeGreaterThan(0);
    expect(new Set(hours).size).toBe(hours.length);

    await setKeys(world, { [LIST]: OTHER });
    await everyDone(nodes, [OTHER]);
    const after = await everyReport(
      nodes,
      'take the error back',
      ({ policyError }) => policyError === undefined,
    );
    expect(after.map(({ desired }) => desired)).toEqual(ALL.map(() => OTHER));
  });
});

async function everyReport(
  nodes: readonly TestNode[],
  what: string,
  condition: (report: Report) => boolean,
): Promise<readonly Report[]> {
  return Promise.all(nodes.map((node) => node.awaitReport({ what }, condition)));
}

/** Resolves when all nodes are Done except n5, whose unit does not use KUBELET_EXTRA_ARGS. */
async function everyDone(nodes: readonly TestNode[], list: readonly string[]): Promise<void> {
  const changing = nodes.filter(({ bedNode }) => bedNode.spec.layout !== 'no-variable');
  await Promise.all(changing.map((node) => node.awaitDone(list)));
}

async function stateOfAll(nodes: readonly TestNode[]) {
  return Promise.all(
    nodes.map(async (node) => ({
      text: await node.text(),
      facts: await node.facts(),
      kubelet: await node.kubelet(),
    })),
  );
}

async function healed(node: TestNode): Promise<void> {
  await node.waitFor({ what: 'have its file healed' }, async () =>
    (await node.text())?.includes(NAME) === true ? true : undefined,
  );
  await node.awaitReport(
    { what: 'run with the list again' },
    ({ running, drift }) => running === NAME && drift === undefined,
  );
}

async function eventsOfThisVersion({ world }: TestNode): Promise<readonly unknown[]> {
  const version = await policyVersion(world);
  const events = await policyEvents(world, 'PolicyInvalid');
  return events.filter(({ involvedObject }) => involvedObject.resourceVersion === version);
}
