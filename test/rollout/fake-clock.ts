// A clock that advances only on request; several clocks may share one timeline and differ in wall time.

import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../agent/time/clock.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

export class FakeTime {
  #now = 0;
  readonly #timers = new Set<Timer>();

  /** A clock whose wall time is wrong by `skewMs`. */
  clock(skewMs = 0): Clock {
    return {
      now: () => new Date(Date.parse('2026-11-24T10:00:00Z') + this.#now + skewMs),
      monotonicMs: () => this.#now,
      sleep: (ms) => new Promise((resolve) => this.#after(ms, resolve)),
      after: (ms, callback) => this.#after(ms, callback),
    };
  }

  get ms(): number {
    return this.#now;
  }

  /** Advances by `ms` in steps and calls `each` after every step. */
  async pass(ms: number, each: () => void = () => undefined, stepMs = 100): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now = Math.min(this.#now + stepMs, end);
      const due = [...this.#timers].filter((timer) => timer.due <= this.#now);
      for (const timer of due.toSorted((one, other) => one.due - other.due)) {
        if (this.#timers.delete(timer)) timer.callback();
      }
      await settle();
      each();
    }
  }

  #after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
}

/** Resolves after every promise that waits only for other promises has settled. */
export async function settle(): Promise<void> {
  await setImmediate();
}
