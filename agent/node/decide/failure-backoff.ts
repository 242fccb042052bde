// Exponential backoff after a failed change in the same situation. Pure.

import { failureKey } from './fingerprint.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation, Unobservable } from '../observe/observe.ts';
import { retriedSince } from './retry-request.ts';

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** The pause after `attempts` failed changes in the same situation, in ms: doubled each time, at most an hour. */
export function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS);
}

/** Returns until when a change to `revision` waits after a failure on this node, and why; undefined when it does not wait. */
export function failurePause(
  observation: Observation,
  {
    agentState,
    revision,
    now,
  }: { readonly agentState: AgentState; readonly revision: string; readonly now: Date },
): { readonly reason: string; readonly retryAt: Date } | undefined {
  const { failure } = agentState;
  const isSame =
    failure?.situation === NOT_OBSERVED
      ? failure.revision === revision
      : failure?.situation === failureKey(observation, revision);
  if (failure === undefined || !isSame) {
    return undefined;
  }
  const failedAt = new Date(failure.at);
  const retryAt = new Date(failedAt.getTime() + pauseAfter(failure.attempts));
  // A failure in the future was recorded before the clock was set back; its age is unknown.
  if (failedAt > now || retryAt <= now || retriedSince(agentState, failure.at, now)) {
    return undefined;
  }
  const next = `Next try at ${retryAt.toISOString()}, or when the policy or the node changes.`;
  return { reason: `${failure.message} ${next}`, retryAt };
}

/** Returns `revision` when its change failed on this node and none has succeeded since, else undefined. */
export function failedRevision({ failure }: AgentState, revision: string | undefined): string | undefined {
  return failure?.revision === revision ? revision : undefined;
}

/** Returns whether the last change was taken out and the kubelet is still not healthy without it. */
export function isRollbackIncomplete(
  { failure, history }: AgentState,
  observation: Observation | Unobservable,
): boolean {
  const isHealthy = observation.kind === 'seen' && observation.healthy;
  return failure !== undefined && history?.at(-1)?.result === 'Stuck' && !isHealthy;
}

/** Placeholder for the situation of a failure until the node is observed after it. */
export const NOT_OBSERVED = '';

/** Returns the state with the situation of this observation filled in when the change to `revision` has just failed. */
export function failedIn(agentState: AgentState, observation: Observation, revision: string): AgentState {
  const { failure } = agentState;
  return failure?.situation === NOT_OBSERVED && failure.revision === revision
    ? { ...agentState, failure: { ...failure, situation: failureKey(observation, revision) } }
    : agentState;
}

/** Returns the state without a recorded failure. */
export function withoutFailure({ failure, ...agentState }: AgentState): AgentState {
  return agentState;
}
