// Leader election: claims and renews the Lease, and stops leading well before another coordinator may begin.

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
import { ConflictError, type LeaseStore } from '../ports.ts';
import { createLeadership } from './leadership.ts';
import type { AgentLog } from '../../report/log.ts';

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
  const { clock, log, random } = ports;
  const leadership = createLeadership(ports, options);
  const claimant = createClaimant(ports, options.identity);
  let stopped = false;
  let cancelTry: (() => void) | undefined;
  let trying = begin();

  async function begin(): Promise<void> {
    const pauseMs = await attempt();
    if (!stopped) {
      cancelTry = clock.after(pauseMs, () => {
        trying = begin();
      });
    }
  }

  /** Returns the ms until the next one. */
  async function attempt(): Promise<number> {
    if (leadership.holds() && !leadership.isLeading()) {
      leadership.end('the lease could not be renewed in time');
    }
    try {
      const untilMs = await claimant.claim(leadership.holds(), () => !stopped);
      if (untilMs === 'another') {
        leadership.end('another coordinator leads');
        options.onKnown();
        return LOOK_MS * (1 + LOOK_JITTER * random());
      }
      if (untilMs !== undefined && !stopped) {
        leadership.extend(untilMs);
      }
      options.onKnown();
    } catch (error) {
      if (error instanceof ConflictError) {
        log.info({ identity: options.identity }, 'Another coordinator wrote the lease first');
      } else {
        log.warn({ err: error }, 'The lease could not be read or written; retrying');
      }
    }
    if (leadership.holds()) {
      return claimant.isUnsure() ? RETRY_MS : RENEW_MS;
    }
    return RETRY_MS * (1 + RETRY_JITTER * random());
  }

  return {
    isLeading: () => leadership.isLeading(),
    async stop() {
      stopped = true;
      cancelTry?.();
      await trying;
      const led = leadership.drop();
      try {
        await claimant.release(led);
      } catch (error) {
        log.warn(
          { err: error },
          'The lease could not be released; another coordinator leads when it expires',
        );
      }
    },
  };
}

interface Claimant {
  /** Resolves with the monotonic ms until which this process leads; 'another' leads; undefined: not claimed. Rejects with what the store does. */
  claim(leads: boolean, mayWrite: () => boolean): Promise<number | 'another' | undefined>;
  /** What is in the lease may be another than what was seen last. */
  isUnsure(): boolean;
  /** Gives the lease up where this process has it. */
  release(led: boolean): Promise<void>;
}

/** What this process knows of the lease. */
function createClaimant(
  { lease, clock }: Pick<ElectionPorts, 'lease' | 'clock'>,
  identity: string,
): Claimant {
  let observed: Observed | undefined;
  let mustRead = true;

  async function read(): Promise<void> {
    observed = observe(observed, await lease.read(), clock.monotonicMs());
    mustRead = false;
  }

  return {
    async claim(leads, mayWrite) {
      try {
        // A leader writes over what it wrote last; a process that does not know the lease reads it first.
        if (mustRead || !leads || observed === undefined) {
          await read();
        }
        const atMs = clock.monotonicMs();
        const write = observed && claim(observed, identity, { now: clock.now(), monotonicMs: atMs });
        if (write === undefined) {
          return 'another';
        }
        if (!mayWrite()) {
          return undefined;
        }
        observed = observe(observed, await lease.write(write), clock.monotonicMs());
        return atMs + RENEW_DEADLINE_MS;
      } catch (error) {
        // Another coordinator may have written, or our own write came through without an answer.
        mustRead = true;
        throw error;
      }
    },
    isUnsure: () => mustRead,
    async release(led) {
      // A renewal without an answer may have come through.
      if (led && mustRead) {
        await read();
      }
      const write = observed && release(observed, identity, clock.now());
      if (write !== undefined) {
        await lease.write(write);
      }
    },
  };
}
