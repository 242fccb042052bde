// Publishes the rollout's Events, then its status: only differences, at a limited rate.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../time/clock.ts';
import type { RolloutDecision } from '../fleet.ts';
import { ConflictError, type FleetCluster, type StatusObject } from '../ports.ts';
import { rolloutEvents, type PolicyShown } from './rollout-events.ts';
import { statusData, toldIn } from './status.ts';
import type { AgentLog } from '../../report/log.ts';

export interface StatusPublisher {
  /** True when `publish` may write the status now: its limited rate allows it. */
  isDue(decision: Pick<RolloutDecision, 'phase'>): boolean;
  /**
   * Writes the status if it differs. Resolves with the ms after which to call again; undefined: all is written.
   * Rejects when the status could not be read or written. Without `policy` it adds no Event.
   */
  publish(decision: RolloutDecision, policy: PolicyShown | undefined): Promise<number | undefined>;
  /** The status on the API server may have changed: the next `publish` reads it. */
  readAgain(): void;
}

/** Shortest interval between writes: in a rollout some node changes all the time. */
const EVERY_MS = 5000;
/** The same for a new phase, which people wait for. */
const NEW_PHASE_MS = 2000;

export function statusPublisher(
  cluster: FleetCluster,
  clock: Pick<Clock, 'now' | 'monotonicMs'>,
  log: AgentLog,
  mayWrite: () => boolean,
): StatusPublisher {
  const events = rolloutEvents(cluster, clock, log);
  const status = createStatusObject(cluster, clock);

  return {
    isDue: ({ phase }) => status.restMs(phase) <= 0,
    async publish(decision, policy) {
      if (status.mustRead()) {
        events.resume(toldIn(await status.read()));
      }
      if (!mayWrite()) {
        return undefined;
      }
      if (policy !== undefined) {
        events.add(decision, policy);
      }
      const eventsMs = await events.post();
      const statusMs = await status.show(statusData(decision, events.accepted()), mayWrite);
      return eventsMs === undefined || statusMs === undefined
        ? (eventsMs ?? statusMs)
        : Math.min(eventsMs, statusMs);
    },
    readAgain: () => status.readAgain(),
  };
}

type Data = Readonly<Record<string, string>>;

interface ShownStatus {
  /** How long the rate does not allow a write with this phase, in ms; 0 or less: it does. */
  restMs(phase: string | undefined): number;
  mustRead(): boolean;
  readAgain(): void;
  /** Resolves with what the API server has. */
  read(): Promise<Data>;
  /** Writes what differs. Resolves with the ms after which to call again; undefined: it is written, or the same. */
  show(data: Data, mayWrite: () => boolean): Promise<number | undefined>;
}

/** The status ConfigMap as it was seen last. */
function createStatusObject(cluster: FleetCluster, clock: Pick<Clock, 'now' | 'monotonicMs'>): ShownStatus {
  let seen: StatusObject | undefined;
  let mustRead = true;
  let writtenAtMs = Number.NEGATIVE_INFINITY;

  function isShown(data: Data): boolean {
    const { updated: _updated, ...shown } = seen?.data ?? {};
    return isDeepStrictEqual({ ...shown }, data);
  }

  async function write(data: Data): Promise<void> {
    try {
      seen = await cluster.writeStatus(seen, { ...data, updated: clock.now().toISOString() });
      writtenAtMs = clock.monotonicMs();
    } catch (error) {
      mustRead ||= error instanceof ConflictError;
      throw error;
    }
  }

  function restMs(phase: string | undefined): number {
    const pauseMs = phase === seen?.data['phase'] ? EVERY_MS : NEW_PHASE_MS;
    return writtenAtMs + pauseMs - clock.monotonicMs();
  }

  return {
    restMs,
    mustRead: () => mustRead,
    readAgain() {
      mustRead = true;
    },
    async read() {
      mustRead = false;
      try {
        seen = await cluster.readStatus();
      } catch (error) {
        mustRead = true;
        throw error;
      }
      return seen?.data ?? {};
    },
    async show(data, mayWrite) {
      if (isShown(data)) {
        return undefined;
      }
      const waitMs = restMs(data['phase']);
      if (waitMs > 0 || !mayWrite()) {
        return Math.max(waitMs, 0);
      }
      await write(data);
      return undefined;
    },
  };
}
