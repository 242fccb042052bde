// Polls a condition.

import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  readonly timeoutMs: number;
  readonly everyMs: number;
}

/** Checks at once and then every `everyMs`; returns true as soon as the condition holds, false after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, pace: Pace): Promise<boolean> {
  const deadline = performance.now() + pace.timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(pace.everyMs);
  }
}
