// The agent's memory and CPU as cgroup v2 accounts them, kernel memory included.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { numberAfter } from '../../scripts/bench/measure/container.ts';
import { AGENT_NAMESPACE } from '../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../scripts/node/agent-pod.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { megabytes, printFigure } from './support/figures.ts';
import { LENGTH } from './support/length.ts';
import { machineWith } from './support/node.ts';

const [FIRST, NEXT] = ['net.core.somaxconn', 'kernel.sem'] as const;
const MEBIBYTE = 2 ** 20;
/** Between two probes of the container's life, and a little more, so that one is in it. */
const IDLE_MS = 130_000;
/** After Done the agent still removes what protected the change. */
const UNTIL_IDLE_MS = 30_000;

it('what the agent has in memory of its own, kernel memory included, is within its request, and all of it within its limit', async () => {
  const { read, requests, limits } = await agentContainer(await machineWith([FIRST]));
  const [request, limit] = [
    countOf(requests['memory'], 'Mi') * MEBIBYTE,
    countOf(limits['memory'], 'Mi') * MEBIBYTE,
  ];
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

it.runIf(LENGTH === 'long')(
  'the idle agent uses less CPU than it requests, its probes included',
  async () => {
    const node = await machineWith([FIRST]);
    const { read, requests } = await agentContainer(node);
    const usedMs = async (): Promise<number> =>
      (numberAfter(await read('cpu.stat'), 'usage_usec') ?? NaN) / 1000;

    const before = await usedMs();
    await node.setList([NEXT]);
    await node.awaitDone([NEXT]);
    const changed = await usedMs();
    await sleep(UNTIL_IDLE_MS);
    const idle = await usedMs();
    await sleep(IDLE_MS);
    const millicores = (((await usedMs()) - idle) / IDLE_MS) * 1000;

    const { slowness } = node.bedNode;
    const of = `of a processor ${slowness.toFixed(1)} times slower than this machine's`;
    printFigure('CPU of one change', `${((changed - before) / 1000).toFixed(1)} s ${of}`);
    printFigure('CPU of the idle agent', `${millicores.toFixed(1)} millicores ${of}`);
    expect(millicores).toBeGreaterThan(0);
    expect(millicores / slowness).toBeLessThanOrEqual(countOf(requests['cpu'], 'm'));
  },
);

type Quantities = Readonly<Record<string, string>>;

interface AgentContainer {
  /** Reads a file of its cgroup. */
  readonly read: (name: string) => Promise<string>;
  readonly requests: Quantities;
  readonly limits: Quantities;
}

async function agentContainer(node: TestNode): Promise<AgentContainer> {
  const { name = '' } = (await agentPodOn(node.world, node.name)) ?? {};
  const pod = await node.world.cluster.core.readNamespacedPod({ namespace: AGENT_NAMESPACE, name });
  const { requests = {}, limits = {} } = pod.spec?.containers[0]?.resources ?? {};
  const id = pod.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
  const { stdout: folder } = await node.exec(['find', '/sys/fs/cgroup', '-name', `*${id}.scope`]);
  return {
    read: async (file) => String(await node.bedNode.files.read(`${folder}/${file}`)),
    requests,
    limits,
  };
}

/** Returns how many of the unit a quantity has; throws when it has another. */
function countOf(quantity = '', unit: 'm' | 'Mi'): number {
  const count = new RegExp(`^(\\d+)${unit}$`, 'u').exec(quantity)?.[1];
  if (count === undefined) throw new Error(`Expected a quantity in ${unit}, got ${quantity}.`);
  return Number(count);
}
