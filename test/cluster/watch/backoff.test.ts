import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../agent/cluster/watch/backoff.ts';

describe('backoffMs', () => {
  const backoff = { minMs: 250, maxMs: 30_000 };

  it('doubles its upper limit with each failure up to the maximum', () => {
    const ceilings = [1, 2, 3, 7, 8, 50].map((failures) => backoffMs(backoff, failures, 1));
    expect(ceilings).toEqual([250, 500, 1000, 16_000, 30_000, 30_000]);
  });

  it('stays between 0 and the maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const ms = backoffMs(backoff, failures, random);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(30_000);
        },
      ),
    );
  });

  it('spreads over the whole range, so that a fleet does not retry simultaneously', () => {
    expect(backoffMs(backoff, 5, 0)).toBe(0);
    expect(backoffMs(backoff, 5, 0.5)).toBe(2000);
  });
});
