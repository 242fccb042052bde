// What a failed change means for the next one of the same kind: it waits for a pause that grows. Pure.

import { failureKey } from './fingerprint.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation } from '../observe/observe.ts';
import { retriedSince } from './retry-request.ts';

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** The pause after `attempts` failed changes in the same situation, in ms: doubled each time, at most an hour. */
export function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS);
}

/** Until when a change to `revision` waits because it has failed here, and why; undefined when it does not. */
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
  // What failed later than now failed before the clock was set back, nobody knows when.
  if (failedAt > now || retryAt <= now || retriedSince(agentState, failure.at, now)) {
    return undefined;
  }
  const next = `Next try at ${retryAt.toISOString()}, or when the policy or the node changes.`;
  return { reason: `${failure.message} ${next}`, retryAt };
}

/** The revision, if its change is the one that has failed here and none has succeeded since. */
export function failedRevision({ failure }: AgentState, revision: string | undefined): string | undefined {
  return failure?.revision === revision ? revision : undefined;
}

/** In place of the situation in which a change failed, until the node is observed after it. */
export const NOT_OBSERVED = '';

/** With the situation of this observation, where the change to `revision` has just failed. */
export function failedIn(agentState: AgentState, observation: Observation, revision: string): AgentState {
  const { failure } = agentState;
  return failure?.situation === NOT_OBSERVED && failure.revision === revision
    ? { ...agentState, failure: { ...failure, situation: failureKey(observation, revision) } }
    : agentState;
}

export function withoutFailure({ failure, ...agentState }: AgentState): AgentState {
  return agentState;
}
