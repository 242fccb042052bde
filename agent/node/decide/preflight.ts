// Preconditions on the host for a change: a running, healthy kubelet, and disk space. Pure.

import { DROP_IN_NAME } from '../../kubelet/unit.ts';
import type { Planned } from '../../plan/types.ts';
import type { Observation } from '../observe/observe.ts';
import { notRunningReason, shortageReason, unhealthyReason } from './reasons.ts';

/** Why the agent begins no change now. */
export interface Obstacle {
  readonly state: 'Pending' | 'Blocked';
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
export function findObstacle(observation: Observation, plan: Planned, now: Date): Obstacle | undefined {
  const { status, unit, runs, healthy, unhealthyMs, healthzNow, shortages } = observation;
  const blocked = (reason: string, retryMs: number): Obstacle => ({
    state: 'Blocked',
    reason,
    retryAt: new Date(now.getTime() + retryMs),
  });

  if (status.activeState !== 'active' || !runs) {
    return blocked(notRunningReason(status, unit, observation.errorLine), NOT_RUNNING_RETRY_MS);
  }
  if (!healthy) {
    const state = unhealthyMs < BLOCKED_AFTER_MS ? 'Pending' : 'Blocked';
    return { ...blocked(unhealthyReason(status, healthzNow), UNHEALTHY_RETRY_MS), state };
  }
  // The agent does not write the other files in which it could keep the list.
  const isWritten = (path: string): boolean =>
    path === plan.file ||
    !(path.endsWith(`/${DROP_IN_NAME}`) || unit.environmentFiles.some((other) => other.path === path));
  const shortage = shortages.find(({ path }) => isWritten(path));
  return shortage && { ...blocked(shortageReason(shortage), SHORTAGE_RETRY_MS), full: true };
}
