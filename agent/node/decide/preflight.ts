// What must hold before a change of this node is begun, beside what the policy and the pods say. Pure.

import type { Planned } from '../../plan/types.ts';
import { detectReverts } from './revert-detection.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation } from '../observe/observe.ts';
import { revertedReason, notRunningReason, shortageReason, unhealthyReason } from './reasons.ts';
import { retriedSince } from './retry-request.ts';

/** Why no change is begun now. */
export interface Obstacle {
  readonly state: 'Blocked' | 'Degraded';
  readonly reason: string;
  readonly retryAt: Date;
  /** The host takes no writes: neither is anything remembered. */
  readonly full?: boolean;
}

/** How long a kubelet that does not run is given before the next look, in ms. */
export const NOT_RUNNING_RETRY_MS = 5000;
/** One that runs mostly is healthy again very soon. */
const UNHEALTHY_RETRY_MS = 1000;
const SHORTAGE_RETRY_MS = 30_000;

/** The first thing that holds a due change back; undefined when it may begin. */
export function findObstacle(
  observation: Observation,
  plan: Planned,
  {
    agentState,
    revision,
    now,
  }: { readonly agentState: AgentState; readonly revision: string; readonly now: Date },
): Obstacle | undefined {
  const { status, unit, runs, healthy, healthzNow, shortages } = observation;
  const blocked = (reason: string, retryMs: number): Obstacle => ({
    state: 'Blocked',
    reason,
    retryAt: new Date(now.getTime() + retryMs),
  });

  if (status.activeState !== 'active' || !runs) {
    return blocked(notRunningReason(status, observation.errorLine), NOT_RUNNING_RETRY_MS);
  }
  const file = { path: plan.file, content: plan.before };
  const history = (agentState.history ?? []).filter(({ at }) => !retriedSince(agentState, at, now));
  const flapping = plan.changed ? detectReverts(history, file, { revision, now }) : undefined;
  if (flapping !== undefined) {
    return { state: 'Degraded', reason: revertedReason(plan, flapping), retryAt: flapping.until };
  }
  if (!healthy) {
    return blocked(unhealthyReason(status.name, healthzNow), UNHEALTHY_RETRY_MS);
  }
  // The other environment files are not written.
  const isWritten = (path: string): boolean =>
    path === plan.file || !unit.environmentFiles.some((other) => other.path === path);
  const short = shortages.find(({ path }) => isWritten(path));
  return short && { ...blocked(shortageReason(short), SHORTAGE_RETRY_MS), full: true };
}
