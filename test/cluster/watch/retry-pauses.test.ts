import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../agent/cluster/http/errors.ts';
import { RetryPauses } from '../../../agent/cluster/watch/retry-pauses.ts';

describe('RetryPauses', () => {
  const failure = new Error('refused');

  it('the pause grows with each failure in a row', () => {
    const { pauses } = atItsMost();
    expect([pauses.nextMs(failure), pauses.nextMs(failure), pauses.nextMs(failure)]).toEqual([
      250, 500, 1000,
    ]);
  });

  it('a watch that lasted long enough is followed by the shortest pause', () => {
    const { pauses, clock } = atItsMost();
    pauses.nextMs(failure);
    pauses.begin();
    pauses.opened();
    clock.ms += 10_000;
    expect(pauses.nextMs(undefined)).toBe(250);
  });

  it('the pause keeps growing after a watch that ended too soon, and after a try that opened none', () => {
    const { pauses, clock } = atItsMost();
    pauses.nextMs(failure);
    pauses.opened();
    clock.ms += 9999;
    expect(pauses.nextMs(undefined)).toBe(500);
    clock.ms += 10_000;
    pauses.begin();
    expect(pauses.nextMs(failure)).toBe(1000);
  });

  it('the pause is the shortest again once the failures are forgotten', () => {
    const { pauses } = atItsMost();
    pauses.nextMs(failure);
    pauses.nextMs(failure);
    pauses.forgetFailures();
    expect(pauses.nextMs(failure)).toBe(250);
  });

  it('jitter is added to the Retry-After of the API server, which counts up to two minutes', () => {
    const { pauses } = atItsMost();
    expect(pauses.nextMs(busy(3000))).toBe(3250);
    expect(pauses.nextMs(busy(3_600_000))).toBe(120_500);
  });
});

/** Pauses whose jitter is always the longest. */
function atItsMost(): { pauses: RetryPauses; clock: { ms: number } } {
  const clock = { ms: 0 };
  const pauses = new RetryPauses({
    healthyMs: 10_000,
    backoff: { minMs: 250, maxMs: 10_000 },
    random: () => 1,
    now: () => clock.ms,
  });
  return { pauses, clock };
}

function busy(retryAfterMs: number): ApiError {
  return new ApiError({ status: 429, reason: 'TooManyRequests', message: 'busy', retryAfterMs });
}
