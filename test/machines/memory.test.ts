// The agent's memory as cgroup v2 accounts it, kernel memory included.

import { expect, it } from 'vitest';
import { numberAfter } from '../../scripts/bench/measure/container.ts';
import { AGENT_NAMESPACE } from '../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../scripts/node/agent-pod.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { megabytes, printFigure } from './support/figures.ts';
import { machineWith } from './support/node.ts';

const MEBIBYTE = 2 ** 20;

it('what the agent has in memory of its own, kernel memory included, is within its request, and all of it within its limit', async () => {
  const node = await machineWith(['net.core.somaxconn']);
  const { containerId, request, limit } = await agentContainer(node);
  const { stdout: folder } = await node.exec(['find', '/sys/fs/cgroup', '-name', `*${containerId}.scope`]);
  const read = async (name: string): Promise<string> =>
    String(await node.bedNode.files.read(`${folder}/${name}`));
  const [current, max, stat, events] = [
    Number(await read('memory.current')),
    Number(await read('memory.max')),
    await read('memory.stat'),
    await read('memory.events'),
  ];
  const [anonymous, kernel, file] = ['anon', 'kernel', 'file'].map((key) => numberAfter(stat, key));
  const own = (anonymous ?? 0) + (kernel ?? 0);
  printFigure(
    'memory of the idle agent',
    `${megabytes(current)} (anonymous ${megabytes(anonymous ?? 0)}, kernel ${megabytes(kernel ?? 0)}, pages of files ${megabytes(file ?? 0)})`,
  );
  expect(max).toBe(limit);
  expect(current).toBeLessThanOrEqual(limit);
  expect(own).toBeGreaterThan(MEBIBYTE);
  expect(own).toBeLessThanOrEqual(request);
  expect(numberAfter(events, 'oom')).toBe(0);
});

interface AgentContainer {
  readonly containerId: string;
  /** Bytes. */
  readonly request: number;
  readonly limit: number;
}

async function agentContainer(node: TestNode): Promise<AgentContainer> {
  const { name = '' } = (await agentPodOn(node.world, node.name)) ?? {};
  const pod = await node.world.cluster.core.readNamespacedPod({ namespace: AGENT_NAMESPACE, name });
  const { requests, limits } = pod.spec?.containers[0]?.resources ?? {};
  const containerId = pod.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
  return { containerId, request: bytesOf(requests?.['memory']), limit: bytesOf(limits?.['memory']) };
}

/** Returns the bytes of a quantity in Mi; throws when it is none. */
function bytesOf(quantity = ''): number {
  const mebibytes = /^(\d+)Mi$/u.exec(quantity)?.[1];
  if (mebibytes === undefined) throw new Error(`Expected a quantity in Mi, got ${quantity}.`);
  return Number(mebibytes) * MEBIBYTE;
}
