// How often a coordinator decides: one decision for all changes that come together, and growing pauses after errors.

import type { Clock } from '../time/clock.ts';

export interface Pace {
  /** Runs the decision of a pass; the next waits longer when it took long. */
  measure<T>(decide: () => T): T;
  /** How long to wait for more changes before the next decision, in ms. The writes of the pass count as waiting. */
  settleMs(): number;
  /** Counts a pass. Returns the pause after it in ms; undefined when it went well. */
  after(failed: boolean): number | undefined;
}

/** Debounce 50 ms–1 s; the decisions of passes take at most 20 % of the time. */
const SETTLE_MS = 50;
const LONGEST_SETTLE_MS = 1000;
const RESTING_SHARE = 4;
/** A Node that another party wrote meanwhile is one of the errors, and the usual one. */
const ERROR_PAUSE_MS = 200;
const LONGEST_ERROR_PAUSE_MS = 30_000;

export function createPace(clock: Pick<Clock, 'monotonicMs'>): Pace {
  let restsUntilMs = 0;
  let errors = 0;

  return {
    measure(decide) {
      const beganMs = clock.monotonicMs();
      const decision = decide();
      const endedMs = clock.monotonicMs();
      restsUntilMs = endedMs + Math.min(LONGEST_SETTLE_MS, RESTING_SHARE * (endedMs - beganMs));
      return decision;
    },
    settleMs: () => Math.max(SETTLE_MS, restsUntilMs - clock.monotonicMs()),
    after(failed) {
      errors = failed ? errors + 1 : 0;
      return failed ? Math.min(LONGEST_ERROR_PAUSE_MS, ERROR_PAUSE_MS * 2 ** (errors - 1)) : undefined;
    },
  };
}
