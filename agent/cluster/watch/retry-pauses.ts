// How long a watch waits before the next try.

import { ApiError } from '../http/errors.ts';
import { backoffMs, type Backoff } from './backoff.ts';

/** The longest Retry-After that is respected. */
const MAX_RETRY_AFTER_MS = 120_000;

export interface PauseSettings {
  /** A watch that lasted this long clears the count of failures. */
  readonly healthyMs: number;
  readonly backoff: Backoff;
  /** In [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Owns the count of failures in a row, and when the watch was opened. */
export class RetryPauses {
  readonly #settings: PauseSettings;
  #failures = 0;
  #openedAt: number | undefined;

  constructor(settings: PauseSettings) {
    this.#settings = settings;
  }

  /** A try begins; no watch is open. */
  begin(): void {
    this.#openedAt = undefined;
  }

  /** The API server accepted the watch. */
  opened(): void {
    this.#openedAt = this.#settings.now();
  }

  forgetFailures(): void {
    this.#failures = 0;
  }

  /** Counts how a try ended (undefined: in good order), and returns the pause before the next one in milliseconds. */
  nextMs(failure: unknown): number {
    const { healthyMs, backoff, random, now } = this.#settings;
    const wasHealthy = this.#openedAt !== undefined && now() - this.#openedAt >= healthyMs;
    this.#failures = wasHealthy ? 1 : this.#failures + 1;
    // What the server asks for is a floor, and jitter comes on top: it asks everybody for the same.
    const asked = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
    return Math.min(asked, MAX_RETRY_AFTER_MS) + backoffMs(backoff, this.#failures, random());
  }
}
