// Preconditions on the host for a change: a running, healthy kubelet, and disk space. Pure.

import type { Planned } from '../../plan/types.ts';
import type { Observation } from '../observe/observe.ts';
import { notRunningReason, shortageReason, unhealthyReason } from './reasons.ts';

/** Why the agent begins no change now. */
export interface Obstacle {
  readonly state: 'Blocked';
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

/** Returns the first obstacle to a due change; undefined when it may begin. */
export function findObstacle(observation: Observation, plan: Planned, now: Date): Obstacle | undefined {
  const { status, unit, runs, healthy, healthzNow, shortages } = observation;
  const blocked = (reason: string, retryMs: number): Obstacle => ({
    state: 'Blocked',
    reason,
    retryAt: new Date(now.getTime() + retryMs),
  });

  if (status.activeState !== 'active' || !runs) {
    return blocked(notRunningReason(status, observation.errorLine), NOT_RUNNING_RETRY_MS);
  }
  if (!healthy) {
    return blocked(unhealthyReason(status.name, healthzNow), UNHEALTHY_RETRY_MS);
  }
  // The agent does not write the other environment files.
  const isWritten = (path: string): boolean =>
    path === plan.file || !unit.environmentFiles.some((other) => other.path === path);
  const shortage = shortages.find(({ path }) => isWritten(path));
  return shortage && { ...blocked(shortageReason(shortage), SHORTAGE_RETRY_MS), full: true };
}
