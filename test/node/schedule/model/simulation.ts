// Simulated time: an ordered queue of events, and seeded random numbers.

import type { Clock } from '../../../../agent/node/ports.ts';

interface Event {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

const STARTS_AT = Date.parse('2026-11-24T02:00:00Z');

/** Time advances only from one event to the next, after everything that does not wait for time has run. */
export class Simulation {
  nowMs = 0;
  readonly #events: Event[] = [];
  #order = 0;

  get date(): Date {
    return new Date(STARTS_AT + Math.floor(this.nowMs));
  }

  /** Runs `run` in `ms` of simulated time, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { dueMs: this.nowMs + ms, order: this.#order, run, isCancelled: false };
    this.#order += 1;
    let at = this.#events.length;
    while (at > 0 && isLater(this.#events[at - 1], event)) {
      at -= 1;
    }
    this.#events.splice(at, 0, event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Resolves after `ms` of simulated time. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Runs all events of the next `ms`. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await drained();
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.dueMs > endMs) {
        break;
      }
      this.#events.shift();
      if (next.isCancelled) {
        continue;
      }
      this.nowMs = next.dueMs;
      next.run();
      await drained();
    }
    this.nowMs = endMs;
  }

  /** The clock of an agent's process; calls nothing back once `isAlive` is false. */
  clock(isAlive: () => boolean): Clock {
    return {
      now: () => this.date,
      monotonicMs: () => this.nowMs,
      sleep: (ms) =>
        new Promise((resolve) => {
          this.after(ms, () => isAlive() && resolve());
        }),
      after: (ms, callback) => this.after(ms, () => isAlive() && callback()),
    };
  }
}

function isLater(one: Event | undefined, other: Event): boolean {
  return one !== undefined && (one.dueMs - other.dueMs || one.order - other.order) > 0;
}

/** Nothing here waits for real time: one turn of the real event loop runs everything that can run. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Returns seeded random numbers in [0, 1) (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
