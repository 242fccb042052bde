// A decision, written: each Node by itself, some at a time, and only while it is as it was decided upon.

import type { AgentLog } from '../../node/ports.ts';
import { isRevision } from '../../names.ts';
import type { Approval, FleetNode, RolloutDecision } from '../fleet.ts';
import { ConflictError, type FleetCluster, type SeenNode } from '../ports.ts';
import type { SeenNodes } from './node-store.ts';

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

/** Writes at a time. */
const CONCURRENCY = 20;

interface Step {
  readonly name: string;
  readonly facts: object;
  readonly message: string;
  run(seen: SeenNode): Promise<SeenNode>;
  /** What the Node is, as far as is known, when it has failed without an answer; undefined: what it was. */
  unanswered?(seen: SeenNode): FleetNode;
}

/** `changed`: the Node is no longer what was decided upon, or nobody may write any more. */
type Result = 'written' | 'changed' | 'failed';

/**
 * Takes approvals back, then approves in the order of the decision, then takes taints away. What could not be written is for
 * the next decision. A Node whose approval could not be revoked may begin its change, and needs the slot that another one
 * would have got: then nothing is approved this time. An approval without an answer counts as written, so that its slot is
 * given to no other, and is sent again until its answer is known.
 */
export async function applyDecision(decision: RolloutDecision, ports: CarryOutPorts): Promise<Outcome> {
  const { store, cluster, log, isLeading, now } = ports;
  const decidedOn = new Map(store.nodes().map((node) => [node.name, node]));
  const withdrawn = await inTurns(decision.approvals.filter(takesBack).map(approvalStep), take);
  const approvals = decision.approvals.filter((one) => !takesBack(one));
  const isRevoked = withdrawn.every((result) => result === 'written');
  const going = isRevoked ? [...again(), ...approvals] : [];
  const approved = await inTurns(going.map(approvalStep), take);
  const untainted = await inTurns(decision.untaint.map(untaintStep), take);
  const results = [...withdrawn, ...approved, ...untainted];
  const written = results.filter((result) => result === 'written').length;
  return { written, failed: results.length - written };

  function again(): Approval[] {
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
      message: takesBack({ node, revision }) ? 'The approval is revoked' : 'The node is approved',
      run: (seen) => cluster.approve(seen, revision),
      ...(!takesBack({ node, revision }) && {
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

  async function take(step: Step): Promise<Result> {
    const seen = store.get(step.name);
    if (seen === undefined || seen.node !== decidedOn.get(step.name) || !isLeading()) {
      return 'changed';
    }
    try {
      store.wrote(seen, await step.run(seen));
      log.info(step.facts, step.message);
      return 'written';
    } catch (error) {
      const isOutdated = error instanceof ConflictError;
      if (!isOutdated && !isRefused(error) && step.unanswered !== undefined) {
        store.assume(seen, step.unanswered(seen));
      }
      const why = isOutdated
        ? 'The node was changed concurrently; deciding again'
        : 'The node could not be written; retrying';
      log.warn({ ...step.facts, err: error }, why);
      return isOutdated ? 'changed' : 'failed';
    }
  }
}

/** The API server answered that it does not do it. */
function isRefused(error: unknown): boolean {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  return status >= 400 && status < 500;
}

function takesBack({ revision }: Approval): boolean {
  return !isRevision(revision);
}

/** Begins in order, at most CONCURRENCY at a time; results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
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
