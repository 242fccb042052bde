// A user's request to retry now: the annotation retry.

import { INPUT_KEYS } from '../../names.ts';
import type { AgentState } from '../state/state-store.ts';

export interface RetryRequest {
  /** Call for every Node update, with the Node's annotations. */
  see(annotations: Readonly<Record<string, string>>): void;
  /** Returns true once for each time that the annotation was added or got another value. */
  take(): boolean;
}

/** Records retry requests until a pass takes them. */
export function createRetryRequest(): RetryRequest {
  let seen: string | undefined;
  let requested = false;
  return {
    see(annotations) {
      const value = annotations[INPUT_KEYS.retry];
      requested ||= value !== undefined && value !== seen;
      seen = value;
    },
    take() {
      const taken = requested;
      requested = false;
      return taken;
    },
  };
}

/** Returns the state with the request; undefined when there is nothing to retry. */
export function withRetry(agentState: AgentState, now: Date): AgentState | undefined {
  return agentState.failure === undefined && agentState.history === undefined
    ? undefined
    : { ...agentState, retryAskedAt: now.toISOString() };
}

/** Whether a retry was requested since `at` (RFC 3339). A request in the future was made before the clock was set back and does not count. */
export function retriedSince({ retryAskedAt }: AgentState, at: string, now: Date): boolean {
  const asked = Date.parse(retryAskedAt ?? '');
  return asked > Date.parse(at) && asked <= now.getTime();
}
