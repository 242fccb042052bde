// What goes wrong in the middle of a rollout: a watch that has to list again, and a leader that is killed.

import { signal } from '../../bed/host/processes.ts';
import { usageOf } from '../coordinator/process-figures.ts';
import type { Replica } from '../coordinator/coordinator-process.ts';
import { edit } from '../policy.ts';
import { partOf, partsPolicy } from './rollouts.ts';
import { type Stage, untilFacts } from './stage.ts';

const LIMIT_MS = 300_000;
/** Requests of a killed process that the server reads later. */
const IN_FLIGHT_MS = 500;

/** Lets the watch of the Nodes expire in the middle of a rollout; resolves with ms until the first approval after the list. */
export async function relist(stage: Stage): Promise<number> {
  await beginPart(stage, 2);
  const at = Date.now();
  await stage.cluster.expireNodes();
  const listed = await untilFacts(stage.cluster, LIMIT_MS, ({ listedAt }) => listedAt > at);
  const next = await untilFacts(
    stage.cluster,
    LIMIT_MS,
    ({ lastApprovalAt }) => lastApprovalAt > listed.listedAt,
  );
  await allDone(stage);
  return next.lastApprovalAt - at;
}

/** Kills the leader in the middle of a rollout; resolves with ms until the other one approves, and with its peak memory. */
export async function leaderChange(
  stage: Stage,
): Promise<{ readonly ms: number; readonly peakBytes: number }> {
  const { cluster, coordinator } = stage;
  await beginPart(stage, 3);
  const leader = await leaderOf(coordinator.replicas);
  const at = Date.now();
  signal(leader.id, 'SIGKILL');
  const next = await untilFacts(
    cluster,
    LIMIT_MS,
    ({ lastApprovalAt }) => lastApprovalAt > at + IN_FLIGHT_MS,
  );
  await allDone(stage);
  const others = coordinator.replicas.filter((replica) => replica !== leader);
  const usages = await Promise.all(others.map(({ id }) => usageOf(id.pid)));
  return { ms: next.lastApprovalAt - at, peakBytes: Math.max(...usages.map(({ peakBytes }) => peakBytes)) };
}

/** Rolls out the longer list to one more part, without canaries; resolves when a third of it is Done. */
async function beginPart(stage: Stage, parts: number): Promise<void> {
  await edit(stage.admin, partsPolicy(stage, parts, { canary: 0 }));
  const begun = stage.nodes - (partOf(stage) * 2) / 3;
  await untilFacts(stage.cluster, LIMIT_MS, ({ done, approvals }) => approvals > 0 && done >= begun);
}

async function allDone({ cluster, nodes, note }: Stage): Promise<void> {
  await untilFacts(cluster, LIMIT_MS, ({ done }) => {
    note(`${done} of ${nodes} done`);
    return done === nodes;
  });
}

async function leaderOf(replicas: readonly Replica[]): Promise<Replica> {
  for (const replica of replicas) {
    const response = await fetch(`http://127.0.0.1:${replica.metricsPort}/metrics`);
    if ((await response.text()).includes('kubelet_sysctls_coordinator_leader 1')) return replica;
  }
  throw new Error('Expected one of the coordinators to lead, got none.');
}
