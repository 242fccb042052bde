// Preconditions on the host for a change: a running, healthy kubelet, a file that no other program reverts, and disk space. Pure.

import type { Planned } from '../../plan/types.ts';
import { detectReverts } from './revert-detection.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation } from '../observe/observe.ts';
import { revertedReason, notRunningReason, shortageReason, unhealthyReason } from './reasons.ts';
import { retriedSince } from './retry-request.ts';

/** Why the agent begins no change now. */
export interface Obstacle {
  readonly state: 'Pending' | 'Blocked' | 'Degraded';
  readonly reason: string;
  readonly retryAt: Date;
  /** The host takes no writes: the agent's state is not saved either. */
  readonly full?: boolean;
}

/** When to observe a kubelet that does not run again, in ms. */
const NOT_RUNNING_RETRY_MS = 5000;
/** A running kubelet is usually healthy again very soon. */
const UNHEALTHY_RETRY_MS = 1000;
const SHORTAGE_RETRY_MS = 30_000;
/** A kubelet on a busy machine may miss healthz for some seconds: only a longer time is worth a warning, in ms. */
export const BLOCKED_AFTER_MS = 10_000;

/** Returns the first obstacle to a due change; undefined when it may begin. */
export function findObstacle(
  observation: Observation,
  plan: Planned,
  {
    agentState,
    revision,
    now,
  }: { readonly agentState: AgentState; readonly revision: string; readonly now: Date },
): Obstacle | undefined {
  const { status, unit, runs, healthy, unhealthyMs, healthzNow, shortages } = observation;
  const blocked = (reason: string, retryMs: number): Obstacle => ({
    state: 'Blocked',
    reason,
    retryAt: new Date(now.getTime() + retryMs),
  });

  if (status.activeState !== 'active' || !runs) {
    return blocked(notRunningReason(status, unit, observation.errorLine), NOT_RUNNING_RETRY_MS);
  }
  const file = { path: plan.file, content: plan.before };
  const history = (agentState.history ?? []).filter(({ at }) => !retriedSince(agentState, at, now));
  const reverts = plan.changed ? detectReverts(history, file, { revision, now }) : undefined;
  if (reverts !== undefined) {
    return { state: 'Degraded', reason: revertedReason(plan, reverts), retryAt: reverts.until };
  }
  if (!healthy) {
    const state = unhealthyMs < BLOCKED_AFTER_MS ? 'Pending' : 'Blocked';
    return { ...blocked(unhealthyReason(status.name, healthzNow), UNHEALTHY_RETRY_MS), state };
  }
  // The agent does not write the other environment files.
  const isWritten = (path: string): boolean =>
    path === plan.file || !unit.environmentFiles.some((other) => other.path === path);
  const shortage = shortages.find(({ path }) => isWritten(path));
  return shortage && { ...blocked(shortageReason(shortage), SHORTAGE_RETRY_MS), full: true };
}
