// Applies a decision: writes each Node, some at a time, and only if it is unchanged since the decision.

import { isRevision } from '../../names.ts';
import type { Approval, FleetNode, RolloutDecision } from '../fleet.ts';
import { ConflictError, type FleetCluster, type SeenNode } from '../ports.ts';
import type { SeenNodes } from './node-store.ts';
import type { AgentLog } from '../../report/log.ts';

export interface CarryOutPorts {
  readonly store: SeenNodes;
  readonly cluster: FleetCluster;
  readonly log: AgentLog;
  readonly isLeading: () => boolean;
  readonly now: () => Date;
}

export interface Outcome {
  readonly written: number;
  readonly failed: number;
}

/** Concurrent writes. */
const CONCURRENCY = 20;

interface Step {
  readonly name: string;
  readonly facts: object;
  readonly message: string;
  run(seen: SeenNode): Promise<SeenNode>;
  /** The Node to assume when the write failed without an answer; undefined: the Node as it was. */
  unanswered?(seen: SeenNode): FleetNode;
}

/** `changed`: the Node differs from the one decided on, or this coordinator leads no longer. */
type Result = 'written' | 'changed' | 'failed';

/**
 * Revokes approvals, then approves in the order of the decision, then removes taints. Failed writes are left to the next
 * decision. If a revocation fails, approves nothing in this pass: that node may begin its change and use the slot. An approval
 * without an answer counts as written, so its slot stays in use; it is sent again until the API server answers.
 * Resolves with the number of writes that succeeded and failed; never rejects for a failed write.
 */
export async function applyDecision(decision: RolloutDecision, ports: CarryOutPorts): Promise<Outcome> {
  const { store, cluster, log, isLeading, now } = ports;
  const names = [
    ...decision.approvals.map(({ node }) => node),
    ...decision.untaint,
    ...store.assumed().map(({ name }) => name),
  ];
  const decidedOn = new Map(names.map((name) => [name, store.get(name)?.node]));
  const revoked = await inOrder(decision.approvals.filter(isRevocation).map(approvalStep), run);
  const approvals = decision.approvals.filter((one) => !isRevocation(one));
  const isRevoked = revoked.every((result) => result === 'written');
  const going = isRevoked ? [...unanswered(), ...approvals] : [];
  const approved = await inOrder(going.map(approvalStep), run);
  const untainted = await inOrder(decision.untaint.map(untaintStep), run);
  const results = [...revoked, ...approved, ...untainted];
  const written = results.filter((result) => result === 'written').length;
  return { written, failed: results.length - written };

  function unanswered(): Approval[] {
    const decided = new Set(decision.approvals.map(({ node }) => node));
    return store
      .assumed()
      .filter(({ name }) => !decided.has(name))
      .map(({ name, approvedRevision }) => ({ node: name, revision: approvedRevision }));
  }

  function approvalStep({ node, revision }: Approval): Step {
    return {
      name: node,
      facts: { node, revision },
      message: isRevocation({ node, revision }) ? 'The approval is revoked' : 'The node is approved',
      run: (seen) => cluster.approve(seen, revision),
      ...(!isRevocation({ node, revision }) && {
        unanswered: ({ node: known }: SeenNode) => ({
          ...known,
          approvedRevision: revision,
          approvedAt: now(),
        }),
      }),
    };
  }

  function untaintStep(node: string): Step {
    return {
      name: node,
      facts: { node },
      message: 'The new node allows its sysctls; the taint is removed',
      run: (seen) => cluster.untaint(seen),
    };
  }

  async function run(step: Step): Promise<Result> {
    const seen = store.get(step.name);
    if (seen === undefined || seen.node !== decidedOn.get(step.name) || !isLeading()) {
      return 'changed';
    }
    try {
      store.wrote(seen, await step.run(seen));
      log.info(step.facts, step.message);
      return 'written';
    } catch (error) {
      const isConflict = error instanceof ConflictError;
      if (!isConflict && !isRefused(error) && step.unanswered !== undefined) {
        store.assume(seen, step.unanswered(seen));
      }
      const why = isConflict
        ? 'The node was changed concurrently; deciding again'
        : 'The node could not be written; retrying';
      log.warn({ ...step.facts, err: error }, why);
      return isConflict ? 'changed' : 'failed';
    }
  }
}

/** True when the API server answered with a 4xx status: nothing was written. */
function isRefused(error: unknown): boolean {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  return status >= 400 && status < 500;
}

function isRevocation({ revision }: Approval): boolean {
  return !isRevision(revision);
}

/** Starts in order, at most CONCURRENCY at a time. Resolves with the results in the order of the items. */
async function inOrder<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      results[index] = await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  return results;
}
