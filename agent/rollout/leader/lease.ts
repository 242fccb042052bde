// Who may lead, decided from a Lease. Pure. Mirrors client-go tools/leaderelection/leaderelection.go.

import { isDeepStrictEqual } from 'node:util';
import type { Lease, LeaseWrite } from '../ports.ts';

/** The Lease as observed. Times are of our own monotonic clock, since other machines' clocks may be wrong. */
export interface Observed {
  /** undefined: it does not exist. */
  readonly lease: Lease | undefined;
  /** When the record was last observed to change, in monotonic ms. */
  readonly changedAtMs: number;
}

/** Others take over no earlier than this after they observed the last change of the record. */
export const LEASE_SECONDS = 15;
/** A leader stops leading when it could not renew for this long: well before others may take over. */
export const RENEW_DEADLINE_MS = 10_000;
/** How often a leader renews. With client-go's 2 s, renewals would be half of all requests of an idle fleet of 100 nodes. */
export const RENEW_MS = 5000;
/** Retry interval after a failed renewal, and while no leader is known. */
export const RETRY_MS = 2000;
/** Jitter of the retries, as a share of RETRY_MS. */
export const RETRY_JITTER = 1.2;
/** How often a candidate reads whether the leader has released the Lease. */
export const LOOK_MS = 5000;
/** Jitter of these reads, as a share of LOOK_MS. */
export const LOOK_JITTER = 0.4;

/** Returns the observation after reading `lease` at `atMs`. Only a different record counts as a change. */
export function observe(previous: Observed | undefined, lease: Lease | undefined, atMs: number): Observed {
  const isSame = previous !== undefined && isDeepStrictEqual(previous.lease?.record, lease?.record);
  return { lease, changedAtMs: isSame ? previous.changedAtMs : atMs };
}

/** Returns what `me` writes to lead or to renew; undefined: another leads. */
export function claim(
  { lease, changedAtMs }: Observed,
  me: string,
  at: { readonly now: Date; readonly monotonicMs: number },
): LeaseWrite | undefined {
  const fresh = { holder: me, leaseSeconds: LEASE_SECONDS, acquiredAt: at.now, renewedAt: at.now };
  if (lease === undefined) {
    return { record: { ...fresh, transitions: 0 }, resourceVersion: undefined };
  }
  const { record, resourceVersion } = lease;
  if (record.holder === me) {
    return { record: { ...record, ...fresh, acquiredAt: record.acquiredAt }, resourceVersion };
  }
  const isHeld = record.holder !== '' && at.monotonicMs < changedAtMs + record.leaseSeconds * 1000;
  return isHeld ? undefined : { record: { ...fresh, transitions: record.transitions + 1 }, resourceVersion };
}

/** Returns the write that releases the Lease; undefined when `me` does not hold it. */
export function release({ lease }: Observed, me: string, now: Date): LeaseWrite | undefined {
  if (lease === undefined || lease.record.holder !== me) {
    return undefined;
  }
  // Mirrors release() in client-go: one second, since the API server accepts no shorter lease.
  const record = { ...lease.record, holder: '', leaseSeconds: 1, acquiredAt: now, renewedAt: now };
  return { record, resourceVersion: lease.resourceVersion };
}
