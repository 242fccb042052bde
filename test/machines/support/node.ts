// The virtual machine that setup.ts made, as tests use it.

import { inject } from 'vitest';
import { openBed } from '../../../scripts/bed/bed.ts';
import { connect } from '../../../scripts/kubernetes/cluster.ts';
import { AGENT_NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import { type AgentPod, agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';

export const FLAG = '--allowed-unsafe-sysctls=';

/** Throws when the bed was removed. */
export async function machine(): Promise<TestNode> {
  const name = inject('machinesBed');
  const bed = await openBed(name);
  if (bed === undefined) throw new Error(`Expected the bed ${name} to be up, but it is gone.`);
  return testNode({ bed, cluster: connect({ kubeconfig: bed.kubeconfig }) }, 'v1');
}

/** The machine, Done with these. */
export async function machineWith(names: readonly string[]): Promise<TestNode> {
  const node = await machine();
  await node.setList(names);
  if (names.length > 0) await node.awaitDone(names);
  else await node.awaitReport({ what: 'allow nothing' }, ({ desired, running }) => !desired && !running);
  return node;
}

/** Deletes the agent's pod; resolves with its successor, which runs. */
export async function replaceAgent(node: TestNode): Promise<AgentPod> {
  const old = await node.waitFor({ what: 'have an agent' }, () => agentPodOn(node.world, node.name));
  const pod = { namespace: AGENT_NAMESPACE, name: old.name };
  await node.world.cluster.core.deleteNamespacedPod(pod);
  return node.waitFor({ what: 'have a new agent that is Ready' }, async () => {
    const now = await agentPodOn(node.world, node.name);
    return now?.ready === true && now.uid !== old.uid ? now : undefined;
  });
}
