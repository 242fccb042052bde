// Who may lead, judged from a Lease: pure. Mirrors client-go tools/leaderelection/leaderelection.go.

import { isDeepStrictEqual } from 'node:util';
import type { Lease, LeaseWrite } from '../ports.ts';

/** What is known of the Lease, and since when by our own monotonic clock: the clocks of others are not trusted. */
export interface Observed {
  /** undefined: there is none. */
  readonly lease: Lease | undefined;
  /** Monotonic ms at which the record was last seen to change. */
  readonly changedAtMs: number;
}

/** Others take over no earlier than this after they saw the record change. */
export const LEASE_SECONDS = 15;
/** A leader that could not renew for so long stops leading: well before others may take over. */
export const RENEW_DEADLINE_MS = 10_000;
/** How often a leader renews; client-go's 2 s would be half of all that an idle fleet of 100 nodes asks. */
export const RENEW_MS = 5000;
/** After a renewal that failed, and where nobody is known to lead. */
export const RETRY_MS = 2000;
/** Those who try at the same time spread their tries by this much of RETRY_MS. */
export const RETRY_JITTER = 1.2;
/** How often those who wait look whether the leader has let go; before its lease runs out, nothing else can come of it. */
export const LOOK_MS = 5000;
/** They spread their looks by this much of LOOK_MS. */
export const LOOK_JITTER = 0.4;

/** Takes in what the API server says at `atMs`. Only a record that differs counts as a change. */
export function observe(previous: Observed | undefined, lease: Lease | undefined, atMs: number): Observed {
  const same = previous !== undefined && isDeepStrictEqual(previous.lease?.record, lease?.record);
  return { lease, changedAtMs: same ? previous.changedAtMs : atMs };
}

/** What `me` writes to lead, or to go on leading; undefined: another leads. */
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

/** What lets another one lead at once; undefined when `me` does not hold the Lease. */
export function release({ lease }: Observed, me: string, now: Date): LeaseWrite | undefined {
  if (lease === undefined || lease.record.holder !== me) {
    return undefined;
  }
  // Mirrors release() there: a lease of one second, since the API server takes no shorter one.
  const record = { ...lease.record, holder: '', leaseSeconds: 1, acquiredAt: now, renewedAt: now };
  return { record, resourceVersion: lease.resourceVersion };
}
