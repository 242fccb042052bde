// How long to wait before the next try.

export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Full jitter: anything from nothing to `minMs · 2^(failures−1)`, never more than `maxMs`, so that a fleet whose API
 * server went away does not come back in step. `random` is in [0, 1). Counts from the first failure, 1.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.round(random * ceiling);
}
