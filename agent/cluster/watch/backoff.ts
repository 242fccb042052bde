// The delay before the next retry.

export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * The delay in ms after `failures` failures (1 after the first): between 0 and `minMs · 2^(failures−1)`, at most `maxMs`.
 * `random` is in [0, 1). Full jitter keeps a fleet from reconnecting simultaneously to an API server that is back.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.round(random * ceiling);
}
