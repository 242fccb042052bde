// A person's wish that what waits on this node be tried again now: the annotation retry.

import { INPUT_KEYS } from '../../names.ts';
import type { AgentState } from '../state/state-store.ts';

export interface RetryRequest {
  /** Takes over what the Node's annotations say now. */
  see(annotations: Readonly<Record<string, string>>): void;
  /** True once for each time that the annotation came or got another value, however long it stays. */
  take(): boolean;
}

export function createRetryRequest(): RetryRequest {
  let seen: string | undefined;
  let wished = false;
  return {
    see(annotations) {
      const value = annotations[INPUT_KEYS.retry];
      wished ||= value !== undefined && value !== seen;
      seen = value;
    },
    take() {
      const taken = wished;
      wished = false;
      return taken;
    },
  };
}

/** The memory with the wish; undefined where there is nothing that could be tried again. */
export function withRetry(agentState: AgentState, now: Date): AgentState | undefined {
  return agentState.failure === undefined && agentState.history === undefined
    ? undefined
    : { ...agentState, retryAskedAt: now.toISOString() };
}

/** Whether somebody has asked for another try since `at` (RFC 3339). A wish later than now was made before the clock was set back. */
export function retriedSince({ retryAskedAt }: AgentState, at: string, now: Date): boolean {
  const asked = Date.parse(retryAskedAt ?? '');
  return asked > Date.parse(at) && asked <= now.getTime();
}
