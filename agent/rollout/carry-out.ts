// A decision, written: each Node by itself, some at a time, and only while it is as it was decided upon.

import type { AgentLog } from '../node/ports.ts';
import type { RolloutDecision } from './fleet.ts';
import { Outdated, type FleetCluster, type SeenNode } from './ports.ts';
import type { SeenNodes } from './seen-nodes.ts';

export interface CarryOutPorts {
  readonly store: SeenNodes;
  readonly cluster: FleetCluster;
  readonly log: AgentLog;
  readonly isLeading: () => boolean;
}

/** Writes at a time. */
const CONCURRENCY = 20;

interface Step {
  readonly name: string;
  readonly facts: object;
  readonly message: string;
  run(seen: SeenNode): Promise<SeenNode>;
}

export interface Outcome {
  readonly written: number;
  readonly failed: number;
}

/**
 * Withdraws, then approves in the order of the decision, then takes taints away. What could not be written is for the
 * next decision.
 */
export async function carryOut(decision: RolloutDecision, ports: CarryOutPorts): Promise<Outcome> {
  const { cluster } = ports;
  const decidedOn = new Map(ports.store.nodes().map((node) => [node.name, node]));
  const changes = decision.approvals.map(({ node, revision }): Step => ({
    name: node,
    facts: { node, revision },
    message: revision === undefined ? 'The approval is withdrawn' : 'The node may change',
    run: (seen) => cluster.approve(seen, revision),
  }));
  const untaints = decision.untaint.map((node): Step => ({
    name: node,
    facts: { node },
    message: 'The new node has its sysctls: the taint goes',
    run: (seen) => cluster.untaint(seen),
  }));
  const isWithdrawal = (_step: Step, index: number): boolean =>
    decision.approvals[index]?.revision === undefined;
  const withdrawals = changes.filter(isWithdrawal);
  const approvals = changes.filter((step) => !withdrawals.includes(step));

  let written = 0;
  let failed = 0;
  for (const steps of [withdrawals, approvals, untaints]) {
    await inTurns(steps, take);
  }
  return { written, failed };

  async function take(step: Step): Promise<void> {
    const seen = ports.store.get(step.name);
    if (seen === undefined || seen.node !== decidedOn.get(step.name) || !ports.isLeading()) {
      return;
    }
    try {
      ports.store.wrote(await step.run(seen));
      written += 1;
      ports.log.info(step.facts, step.message);
    } catch (error) {
      const why =
        error instanceof Outdated ? 'The node has changed meanwhile' : 'The node could not be written';
      failed += 1;
      ports.log.warn({ ...step.facts, err: error }, why);
    }
  }
}

/** Begins in order, at most CONCURRENCY at a time. */
async function inTurns<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
