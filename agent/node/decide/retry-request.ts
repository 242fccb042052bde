// A person's wish that what waits on this node be tried again now: the annotation retry.

import { ASKED } from '../../names.ts';
import type { Memory } from '../state/state-store.ts';

export interface RetryWish {
  /** Takes over what the Node's annotations say now. */
  see(annotations: Readonly<Record<string, string>>): void;
  /** True once for each time that the annotation came or got another value, however long it stays. */
  take(): boolean;
}

export function createRetryWish(): RetryWish {
  let seen: string | undefined;
  let wished = false;
  return {
    see(annotations) {
      const value = annotations[ASKED.retry];
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
export function withRetry(memory: Memory, now: Date): Memory | undefined {
  return memory.failure === undefined && memory.history === undefined
    ? undefined
    : { ...memory, retryAskedAt: now.toISOString() };
}

/** Whether somebody has asked for another try since `at` (RFC 3339). A wish later than now was made before the clock was set back. */
export function retriedSince({ retryAskedAt }: Memory, at: string, now: Date): boolean {
  const asked = Date.parse(retryAskedAt ?? '');
  return asked > Date.parse(at) && asked <= now.getTime();
}
