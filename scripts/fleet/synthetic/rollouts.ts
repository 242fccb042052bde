// The rollouts of a synthetic run: every node with 10% at a time, and a part of the nodes with 100 at a time.

import { RESTART_MS } from '../agents/kubelet.ts';
import { idealMs, slotsOf } from '../ideal.ts';
import { CANARIES, CHANGED, MAX_UNAVAILABLE_PERCENT, policyOf } from '../lists.ts';
import { type Edit, edit } from '../policy.ts';
import type { RolloutFigures } from './figures.ts';
import { PARTS } from './cluster/nodes.ts';
import { type Stage, untilFacts } from './stage.ts';

export const HUNDRED = 100;
/** Added to twice the ideal, for a machine that is too small for the fleet. */
const SLACK_MS = 300_000;
/** The parts' list. */
const MORE = [...CHANGED, 'net.ipv4.tcp_part'];

/** Every node gets CHANGED. */
export function tenPercent(stage: Stage): Promise<RolloutFigures> {
  const { nodes, options } = stage;
  const { soakSeconds, nodeSoakSeconds } = options;
  const policy = policyOf({ rollout: 'Coordinated', allowances: CHANGED, soakSeconds, nodeSoakSeconds });
  return rollOut(stage, policy, { nodes, slots: slotsOf(nodes, MAX_UNAVAILABLE_PERCENT) });
}

/** One part of the nodes gets a longer list: all of them would take two hours at this pace. */
export function hundredAtATime(stage: Stage): Promise<RolloutFigures> {
  const { soakSeconds } = stage.options;
  return rollOut(stage, partsPolicy(stage, 1, { soakSeconds }), { nodes: partOf(stage), slots: HUNDRED });
}

/** Returns the policy in which the first `parts` parts have the longer list, 100 at a time. */
export function partsPolicy({ options }: Stage, parts: number, pace: Partial<Edit> = {}): Edit {
  const waves = Array.from({ length: parts }, (_, part) => part);
  return policyOf({
    rollout: 'Coordinated',
    allowances: CHANGED,
    nodeSoakSeconds: options.nodeSoakSeconds,
    more: { allowances: MORE, waves },
    maxUnavailable: String(HUNDRED),
    ...pace,
  });
}

/** Returns the number of nodes of one part. */
export function partOf({ nodes }: Pick<Stage, 'nodes'>): number {
  return Math.floor(nodes / PARTS);
}

/** Duration of one node's change: its agent and kubelet are simulated, and nothing else takes time. */
export function nodeMs({ options }: Pick<Stage, 'options'>): number {
  return RESTART_MS + options.nodeSoakSeconds * 1000;
}

async function rollOut(
  stage: Stage,
  policy: Edit,
  { nodes, slots }: { readonly nodes: number; readonly slots: number },
): Promise<RolloutFigures> {
  const { cluster, coordinator, admin, note } = stage;
  const soakMs = policy.soakSeconds * 1000;
  const ideal = idealMs({ nodes, slots, canaries: CANARIES, soakMs, nodeMs: nodeMs(stage) });
  const [before, usageBefore] = [await cluster.facts(), await coordinator.usage()];
  const from = await edit(admin, policy);
  const after = await untilFacts(cluster, 2 * ideal + SLACK_MS, (facts) => {
    note(`${facts.done} of ${stage.nodes} done`);
    return facts.done === stage.nodes;
  });
  const usage = await coordinator.usage();
  return {
    nodes,
    slots,
    mostAtATime: after.mostAtATime,
    ms: after.lastDoneAt - from,
    idealMs: ideal,
    requests: total(after.requests) - total(before.requests),
    bytes: after.bytes - before.bytes,
    cpuSeconds: usage.cpuSeconds - usageBefore.cpuSeconds,
  };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
