// Posts the Events of a rollout: each once, in order, with retries until the API server accepts it.

import { eventQueue } from '../../report/event-queue.ts';
import type { Clock } from '../../time/clock.ts';
import type { RolloutDecision } from '../fleet.ts';
import { milestones, type Told } from './events.ts';
import type { FleetCluster } from '../ports.ts';
import { progressText } from './status.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import type { EventDraft } from '../../report/event-draft.ts';
import type { AgentLog } from '../../report/log.ts';

export interface PolicyShown {
  readonly configMap: ConfigMapObject;
  /** `listsId` of the policy. */
  readonly rollout: string;
}

export interface RolloutEvents {
  /** Continues after the Events of an earlier coordinator. No effect after the first `add` or `resume` with a value. */
  resume(accepted: Told | undefined): void;
  /** Queues the Events of the decision. */
  add(decision: RolloutDecision, policy: PolicyShown): void;
  /** Posts the queued Events. Resolves with the ms after which to call again; undefined: the queue is empty. Never rejects. */
  post(): Promise<number | undefined>;
  /** What the API server has accepted. The next leader reads it from the status. */
  accepted(): Told | undefined;
}

/** Retry interval of a refused Event: a rollout decides many times a second. */
const RETRY_MS = 30_000;

export function rolloutEvents(
  cluster: Pick<FleetCluster, 'policyEvent'>,
  clock: Pick<Clock, 'monotonicMs'>,
  log: AgentLog,
): RolloutEvents {
  let added: Told | undefined;
  let accepted: Told | undefined;
  let retryAtMs = Number.NEGATIVE_INFINITY;
  const queue = eventQueue<EventDraft & { readonly about: ConfigMapObject }>(
    (event) => cluster.policyEvent(event.about, event),
    (facts, message) => log.warn(facts, message),
  );

  return {
    resume(told) {
      added ??= told;
      accepted ??= told;
    },

    add(decision, { configMap, rollout }) {
      const { phase, reason } = decision;
      const next = milestones(added, { rollout, phase, reason, progress: progressText(decision) });
      for (const note of next.notes) {
        log.info({ event: note.reason }, note.message);
      }
      queue.add(next.notes.map((note) => ({ ...note, about: configMap })));
      added = next.told;
    },

    async post() {
      const restMs = retryAtMs - clock.monotonicMs();
      if (!queue.isEmpty() && restMs > 0) {
        return restMs;
      }
      if (!(await queue.post())) {
        retryAtMs = clock.monotonicMs() + RETRY_MS;
        return RETRY_MS;
      }
      accepted = added;
      return undefined;
    },

    accepted: () => accepted,
  };
}
