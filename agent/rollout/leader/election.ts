// One leader among the coordinators: claims the Lease again and again, and stops leading well before another may begin.

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
  /** Never the same for two processes, one after the other included. */
  readonly identity: string;
  readonly onLeading: () => void;
  readonly onLost: () => void;
  /** Called whenever the API server told who leads. */
  readonly onKnown: () => void;
}

export interface Election {
  /** Whether this process may act at this very moment. */
  isLeading(): boolean;
  /** Takes part no longer, and lets another one lead at once. What leads must have stopped before. */
  stop(): Promise<void>;
}

/** Takes part until stopped. */
export function takePart(ports: ElectionPorts, options: ElectionOptions): Election {
  const { lease, clock, log, random } = ports;
  const { identity, onLeading, onLost, onKnown } = options;
  let observed: Observed | undefined;
  /** Until when a leader acts; undefined: we do not lead. */
  let leadsUntilMs: number | undefined;
  let mustLook = true;
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
      return mustLook ? RETRY_MS : RENEW_MS;
    }
    return anotherLeads ? LOOK_MS * (1 + LOOK_JITTER * random()) : RETRY_MS * (1 + RETRY_JITTER * random());
  }

  async function attempt(): Promise<void> {
    if (leadsUntilMs !== undefined && !isLeading()) {
      end('the lease could not be renewed in time');
    }
    anotherLeads = false;
    try {
      // A leader writes over what it wrote last; whoever does not know what is there looks first.
      if (mustLook || leadsUntilMs === undefined || observed === undefined) {
        observed = observe(observed, await lease.read(), clock.monotonicMs());
        mustLook = false;
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
      // Somebody else may have written, or our own write came through without an answer.
      mustLook = true;
      if (error instanceof ConflictError) {
        log.info({ identity }, 'Another coordinator wrote the lease first');
      } else {
        log.warn({ err: error }, 'The lease could not be read or written; retrying');
      }
    }
  }

  /** `untilMs` counts from before the write was sent: the others count from when they saw it, which is later. */
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
    const unsure = leadsUntilMs !== undefined && mustLook;
    leadsUntilMs = undefined;
    try {
      // A renewal without an answer may have come through.
      if (unsure) {
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
