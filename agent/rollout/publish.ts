// The rollout's status on its way to the API server: only what differs, and not too often.

import { isDeepStrictEqual } from 'node:util';
import type { AgentLog, ConfigMapObject } from '../node/ports.ts';
import type { Clock } from '../time/clock.ts';
import type { RolloutDecision } from './fleet.ts';
import { milestones, type Told } from './milestones.ts';
import { Outdated, type FleetCluster, type StatusObject } from './ports.ts';
import { progressText, statusData, toldIn } from './status.ts';

export interface StatusPublisher {
  /**
   * Tells what differs from what was told. Resolves with the ms after which to call again, undefined when all is told.
   * Rejects when it could not be told. Without `policy` no Event is written.
   */
  publish(decision: RolloutDecision, policy: PolicyShown | undefined): Promise<number | undefined>;
  /** What the API server has may be another than what was written: the next `publish` reads it. */
  readAgain(): void;
}

export interface PolicyShown {
  readonly configMap: ConfigMapObject;
  /** Stands for the lists that the policy asks for. */
  readonly rollout: string;
}

/** A rollout changes some node all the time; people look now and then. */
const EVERY_MS = 5000;
/** They wait for a new phase. */
const NEW_PHASE_MS = 2000;

export function statusPublisher(
  cluster: FleetCluster,
  clock: Pick<Clock, 'now' | 'monotonicMs'>,
  log: AgentLog,
  mayWrite: () => boolean,
): StatusPublisher {
  let seen: StatusObject | undefined;
  let mustRead = true;
  let told: Told | undefined;
  let writtenAtMs = Number.NEGATIVE_INFINITY;

  return {
    async publish(decision, policy) {
      if (mustRead) {
        mustRead = false;
        seen = await readStatus();
        told ??= toldIn(seen?.data ?? {});
      }
      if (policy !== undefined) {
        await tell(decision, policy);
      }
      const data = statusData(decision, told);
      if (isShown(data)) {
        return undefined;
      }
      const pauseMs = data['phase'] === seen?.data['phase'] ? EVERY_MS : NEW_PHASE_MS;
      const restMs = writtenAtMs + pauseMs - clock.monotonicMs();
      if (restMs > 0 || !mayWrite()) {
        return Math.max(restMs, 0);
      }
      await write(data);
      return undefined;
    },
    readAgain() {
      mustRead = true;
    },
  };

  async function readStatus(): Promise<StatusObject | undefined> {
    try {
      return await cluster.readStatus();
    } catch (error) {
      mustRead = true;
      throw error;
    }
  }

  async function tell(decision: RolloutDecision, { configMap, rollout }: PolicyShown): Promise<void> {
    const { phase, reason } = decision;
    const next = milestones(told, { rollout, phase, reason, progress: progressText(decision) });
    for (const note of mayWrite() ? next.notes : []) {
      log.info({ event: note.reason }, note.message);
      await cluster
        .policyEvent(configMap, note)
        .catch((error: unknown) => log.warn({ err: error }, `The Event ${note.reason} could not be written`));
    }
    told = next.told;
  }

  async function write(data: Readonly<Record<string, string>>): Promise<void> {
    try {
      seen = await cluster.writeStatus(seen, { ...data, updated: clock.now().toISOString() });
      writtenAtMs = clock.monotonicMs();
    } catch (error) {
      mustRead ||= error instanceof Outdated;
      throw error;
    }
  }

  function isShown(data: Readonly<Record<string, string>>): boolean {
    const { updated: _updated, ...shown } = seen?.data ?? {};
    return isDeepStrictEqual({ ...shown }, data);
  }
}
