import { describe, expect, it } from 'vitest';
import { claim, LEASE_SECONDS, observe, release } from '../../../agent/rollout/leader/lease.ts';
import type { Lease } from '../../../agent/rollout/ports.ts';

const NOW = new Date('2026-11-24T10:00:00Z');
const EARLIER = new Date('2026-11-24T09:00:00Z');
const held = (holder: string, renewedAt = EARLIER): Lease => ({
  resourceVersion: '7',
  record: { holder, leaseSeconds: LEASE_SECONDS, acquiredAt: EARLIER, renewedAt, transitions: 3 },
});
const at = (monotonicMs: number): { now: Date; monotonicMs: number } => ({ now: NOW, monotonicMs });

describe('claim', () => {
  it('claims a lease that does not exist by creating it', () => {
    const write = claim(observe(undefined, undefined, 0), 'me', at(0));
    expect(write).toEqual({
      resourceVersion: undefined,
      record: { holder: 'me', leaseSeconds: 15, acquiredAt: NOW, renewedAt: NOW, transitions: 0 },
    });
  });

  it('does not claim a lease before its record was unchanged for its duration by our own clock', () => {
    // By the wall clock it expired an hour ago.
    const seen = observe(undefined, held('other'), 1000);
    expect(claim(seen, 'me', at(15_999))).toBeUndefined();
    expect(claim(seen, 'me', at(16_000))).toEqual({
      resourceVersion: '7',
      record: { holder: 'me', leaseSeconds: 15, acquiredAt: NOW, renewedAt: NOW, transitions: 4 },
    });
  });

  it('waits the full duration again when the record changed, and not when only its version did', () => {
    const seen = observe(undefined, held('other'), 0);
    const touched = observe(seen, { ...held('other'), resourceVersion: '8' }, 14_000);
    expect(claim(touched, 'me', at(15_000))?.resourceVersion).toBe('8');
    const renewed = observe(seen, held('other', NOW), 14_000);
    expect(claim(renewed, 'me', at(15_000))).toBeUndefined();
  });

  it('claims a released lease at once', () => {
    expect(claim(observe(undefined, held(''), 0), 'me', at(0))?.record.transitions).toBe(4);
  });

  it('renews its own lease with the same acquiredAt and number of transitions', () => {
    expect(claim(observe(undefined, held('me'), 0), 'me', at(1))?.record).toEqual({
      holder: 'me',
      leaseSeconds: 15,
      acquiredAt: EARLIER,
      renewedAt: NOW,
      transitions: 3,
    });
  });
});

describe('release', () => {
  it('releases the lease by writing no holder and a duration of one second', () => {
    expect(release(observe(undefined, held('me'), 0), 'me', NOW)).toMatchObject({
      resourceVersion: '7',
      record: { holder: '', leaseSeconds: 1, transitions: 3 },
    });
  });

  it('does not release the lease of another holder', () => {
    expect(release(observe(undefined, held('other'), 0), 'me', NOW)).toBeUndefined();
    expect(release(observe(undefined, undefined, 0), 'me', NOW)).toBeUndefined();
  });
});
