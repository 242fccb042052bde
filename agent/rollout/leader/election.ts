// Leader election: claims and renews the Lease, and stops leading well before another coordinator may begin.

import type { AgentLog } from '../../node/ports.ts';
import type { Clock } from '../../time/clock.ts';
import {
  claim,
  LOOK_JITTER,
  LOOK_MS,
  observe,
  release,
  RENEW_DEADLINE_MS,
  RENEW_MS,
  RETRY_JITTER,
  RETRY_MS,
  type Observed,
} from './lease.ts';
import { ConflictError } from '../ports.ts';
import type { LeaseStore } from '../ports.ts';

export interface ElectionPorts {
  readonly lease: LeaseStore;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs' | 'after'>;
  readonly log: AgentLog;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface ElectionOptions {
  /** Unique to this process; a restarted process needs another one. */
  readonly identity: string;
  readonly onLeading: () => void;
  readonly onLost: () => void;
  /** Called whenever the API server has answered who leads. */
  readonly onKnown: () => void;
}

export interface Election {
  /** True while this process may write. */
  isLeading(): boolean;
  /** Leaves the election and releases the Lease. The caller must have stopped the coordinator before. */
  stop(): Promise<void>;
}

/** Takes part in the election until stopped. */
export function takePart(ports: ElectionPorts, options: ElectionOptions): Election {
  const { lease, clock, log, random } = ports;
  const { identity, onLeading, onLost, onKnown } = options;
  let observed: Observed | undefined;
  /** Until when this process leads, in monotonic ms; undefined: it does not lead. */
  let leadsUntilMs: number | undefined;
  let mustRead = true;
  let anotherLeads = false;
  let stopped = false;
  let cancelTry: (() => void) | undefined;
  let cancelEnd: (() => void) | undefined;
  let trying = begin();

  return { isLeading, stop };

  function isLeading(): boolean {
    return leadsUntilMs !== undefined && clock.monotonicMs() < leadsUntilMs;
  }

  async function begin(): Promise<void> {
    await attempt();
    if (!stopped) {
      cancelTry = clock.after(pauseMs(), () => {
        trying = begin();
      });
    }
  }

  function pauseMs(): number {
    if (leadsUntilMs !== undefined) {
      return mustRead ? RETRY_MS : RENEW_MS;
    }
    return anotherLeads ? LOOK_MS * (1 + LOOK_JITTER * random()) : RETRY_MS * (1 + RETRY_JITTER * random());
  }

  async function attempt(): Promise<void> {
    if (leadsUntilMs !== undefined && !isLeading()) {
      end('the lease could not be renewed in time');
    }
    anotherLeads = false;
    try {
      // A leader overwrites its own last write without a read; every other claim reads first.
      if (mustRead || leadsUntilMs === undefined || observed === undefined) {
        observed = observe(observed, await lease.read(), clock.monotonicMs());
        mustRead = false;
      }
      const atMs = clock.monotonicMs();
      const write = claim(observed, identity, { now: clock.now(), monotonicMs: atMs });
      if (write === undefined) {
        anotherLeads = true;
        end('another coordinator leads');
      } else if (!stopped) {
        observed = observe(observed, await lease.write(write), clock.monotonicMs());
        lead(atMs + RENEW_DEADLINE_MS);
      }
      onKnown();
    } catch (error) {
      // Another coordinator may have written, or our write succeeded and the answer was lost.
      mustRead = true;
      if (error instanceof ConflictError) {
        log.info({ identity }, 'Another coordinator wrote the lease first');
      } else {
        log.warn({ err: error }, 'The lease could not be read or written; retrying');
      }
    }
  }

  /** `untilMs` counts from before the write was sent. The others count from when they observed it, which is later. */
  function lead(untilMs: number): void {
    cancelEnd?.();
    if (stopped) {
      return;
    }
    if (clock.monotonicMs() >= untilMs) {
      end('the lease was renewed too late');
      return;
    }
    const isNew = leadsUntilMs === undefined;
    leadsUntilMs = untilMs;
    cancelEnd = clock.after(untilMs - clock.monotonicMs(), () =>
      end('the lease could not be renewed in time'),
    );
    if (isNew) {
      log.info({ identity }, 'This coordinator leads');
      onLeading();
    }
  }

  function end(why: string): void {
    cancelEnd?.();
    if (leadsUntilMs !== undefined) {
      leadsUntilMs = undefined;
      log.warn({ identity }, `This coordinator leads no longer: ${why}`);
      onLost();
    }
  }

  async function stop(): Promise<void> {
    stopped = true;
    cancelTry?.();
    cancelEnd?.();
    await trying;
    const isUnsure = leadsUntilMs !== undefined && mustRead;
    leadsUntilMs = undefined;
    try {
      // A renewal without an answer may have succeeded.
      if (isUnsure) {
        observed = observe(observed, await lease.read(), clock.monotonicMs());
      }
      const write = observed && release(observed, identity, clock.now());
      if (write !== undefined) {
        await lease.write(write);
      }
    } catch (error) {
      log.warn(
        { err: error },
        'The lease could not be released; another coordinator can lead when it has expired',
      );
    }
  }
}
