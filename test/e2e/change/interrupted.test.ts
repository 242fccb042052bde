// Agents that end while idle and during a change.

import { describe, expect, it } from 'vitest';
import { JOURNAL_FILE, STATE_FILE } from '../../../agent/node/state/state-store.ts';
import { isWrite } from '../../../scripts/bed/control-plane/audit-log.ts';
import { AGENT_NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import { type AgentPod, agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { agentRequests, auditPosition } from '../support/cluster/audit.ts';
import { freshNode } from '../support/node/fresh.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;

describe('an idle agent', () => {
  it('leaves the same kubelet process and writes nothing when its pod is deleted', async () => {
    const node = await freshNode('n1');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const observe = async () => ({
      kubelet: await node.kubelet(),
      file: await node.facts(),
      memory: await node.facts(STATE_FILE),
      report: await node.report(),
    });
    const before = await observe();
    const position = await auditPosition(node.world);

    const old = await podOn(node);
    await deletePod(node, old);
    const pod = await replacedPod(node, old);

    expect(await observe()).toEqual(before);
    const requests = (await agentRequests(node.world, position)).filter(
      (request) => request.pod === pod.name,
    );
    expect(requests.map(({ verb }) => verb)).toContain('watch');
    expect(requests.filter(isWrite)).toEqual([]);
  });
});

describe.concurrent('an agent', () => {
  it('finishes a change before it ends on SIGTERM', async () => {
    const node = await freshNode('n2');
    const before = await node.kubelet();
    const old = await podOn(node);

    await signalInChange(node, 'TERM');
    const pod = await node.waitFor({ what: 'have its agent back' }, async () => {
      const now = await podOn(node);
      return now.restarts > old.restarts && now.ready ? now : undefined;
    });

    expect(pod.lastExitCode).toBe(0);
    const log = await node.world.bed.kubectl(['-n', AGENT_NAMESPACE, 'logs', pod.name, '--previous']);
    const order = [
      'finishes the change under way first',
      'was restarted and is healthy',
      'The agent stopped',
    ];
    const places = order.map((words) => log.stdout.lastIndexOf(words));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    await node.awaitDone([NAME]);
    const after = await node.kubelet();
    expect(after.argv).toEqual([...before.argv, FLAG]);
    expect(await node.facts(JOURNAL_FILE)).toBeUndefined();
  });

  it('leaves a change to be finished by its successor when it is killed', async () => {
    const node = await freshNode('n3');
    const before = await node.kubelet();

    await signalInChange(node, 'KILL');
    await node.awaitDone([NAME]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
    expect((await node.kubelet()).argv).toEqual([...before.argv, FLAG]);
    await node.waitFor({ what: 'have no change under way' }, async () =>
      (await node.facts(JOURNAL_FILE)) === undefined ? true : undefined,
    );
  });

  it('whose pod is deleted right after a policy edit has a successor that applies the edit', async () => {
    const node = await freshNode('n4');
    const before = await node.kubelet();
    const old = await podOn(node);

    await node.setList([NAME]);
    await deletePod(node, old);
    await replacedPod(node, old);
    await node.awaitDone([NAME]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=--v=3\\ ${FLAG}\n`);
    expect((await node.kubelet()).argv).toEqual([...before.argv, FLAG]);
  });
});

/** Edits the policy and sends the signal as soon as the change's journal is on the disk. */
async function signalInChange(node: TestNode, signal: 'TERM' | 'KILL'): Promise<void> {
  // A child process has the agent's arguments until it executes its program.
  const { stdout: pid } = await node.exec(['pgrep', '--oldest', '--full', 'kubelet-sysctls.mjs agent']);
  const begun = node.bedNode.files.appears(JOURNAL_FILE, 20_000);
  await node.setList([NAME]);
  expect(await begun).toBe(true);
  await node.exec(['kill', `-${signal}`, pid.trim()]);
}

async function podOn(node: TestNode): Promise<AgentPod> {
  return node.waitFor({ what: 'have an agent' }, () => agentPodOn(node.world, node.name));
}

async function deletePod({ world }: TestNode, { name }: AgentPod): Promise<void> {
  await world.cluster.core.deleteNamespacedPod({ namespace: AGENT_NAMESPACE, name });
}

async function replacedPod(node: TestNode, old: AgentPod): Promise<AgentPod> {
  return node.waitFor({ what: 'have a new agent that is Ready' }, async () => {
    const pod = await agentPodOn(node.world, node.name);
    return pod?.ready === true && pod.uid !== old.uid ? pod : undefined;
  });
}
