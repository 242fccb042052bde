// The host's own service beside the agents of the cluster.

import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { AGENT_NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { freshNode } from '../support/node/fresh.ts';
import {
  awaitStatus,
  editPolicy,
  expectRollback,
  expectWatchdog,
  installService,
  labelForService,
  listOf,
  SERVICE,
  writePolicy,
} from '../support/node/host-service.ts';

const NAME = 'net.core.somaxconn';
const MORE = 'kernel.sem';
const BAD = 'kernel.msgmax';

it("the host's own service works where no pod does, proves an edit, rolls back, and is ended by its watchdog", async () => {
  const node = await freshNode('n1');
  onTestFinished(await installService(node));

  await editPolicy(node, [NAME]);
  await node.exec(['systemctl', 'start', SERVICE]);
  await awaitStatus(node, /^Waiting: The agent of a pod holds the node lock/u);
  await awaitPodLog(node, 'Another agent waits for the node lock');

  const unlabel = await labelForService(node);
  await awaitStatus(node, /^Done: The kubelet runs with/u);
  expect(listOf(await node.kubelet())).toBe(NAME);
  expect(await statusOf(node)).toMatch(/^n1 +host service /mu);

  // Without the kubelet's own line here: systemd-nspawn gives the node a boot ID by a mount, which no sandbox of its systemd has.
  const why = /^Degraded: The change failed and was rolled back.*auto-restart/u;
  await expectRollback(node, { name: NAME, bad: BAD, why });
  await writePolicy(node, 'apiVersion: v1\nkind: Secret\n');
  await awaitStatus(node, /policy\.yaml.*Expected .*Secret/u);
  await waitsBeforeItTakesAway(node);
  await expectWatchdog(node);

  await unlabel();
  await node.awaitReport(
    { what: "show that the host's own service has the lock" },
    ({ state, reason, running }) =>
      state === 'Blocked' && reason?.startsWith("The host's own service") === true && running === undefined,
  );
  expect(await agentPodOn(node.world, node.name)).toMatchObject({ ready: false });
});

async function waitsBeforeItTakesAway(node: TestNode): Promise<void> {
  await editPolicy(node, [MORE]);
  await awaitStatus(node, new RegExp(`^Blocked: .*${NAME}, and without an API server`, 'u'));
  expect(listOf(await node.kubelet())).toBe(NAME);
  await editPolicy(node, [MORE], '  inUse: Proceed\n');
  await awaitStatus(node, /^Done: /u);
  expect(listOf(await node.kubelet())).toBe(MORE);
}

/** What `kubectl sysctls status -o wide` prints. */
async function statusOf({ world }: TestNode): Promise<string> {
  const args = ['status', '-o', 'wide', '--kubeconfig', world.bed.kubeconfig];
  return (await execa('scripts/kubectl-sysctls', args)).stdout;
}

function awaitPodLog(node: TestNode, text: string): Promise<true> {
  return node.waitFor({ what: `have an agent that logs ${text}` }, async () => {
    const pod = await agentPodOn(node.world, node.name);
    if (pod === undefined) return undefined;
    const log = await node.world.bed.kubectl(['-n', AGENT_NAMESPACE, 'logs', pod.name], { reject: false });
    return log.stdout.includes(text) || undefined;
  });
}
