// One leader's term: every change of a Node or the ConfigMap is a cause to decide anew; what does not differ is not written.

import type { AgentLog, ConfigMapObject } from '../node/ports.ts';
import { createLoop } from '../time/loop.ts';
import type { Clock } from '../time/clock.ts';
import { applyDecision } from './apply/apply-decision.ts';
import type { FleetNode, RolloutDecision } from './fleet.ts';
import type { PolicyNow } from './decision/gate.ts';
import { listsId, viewPolicy } from './status/policy-view.ts';
import type { FleetCluster, SeenNode } from './ports.ts';
import { statusPublisher } from './status/publisher.ts';
import { seenNodes } from './apply/node-store.ts';

/** Pure: the same from every coordinator. */
export type Decide = (nodes: readonly FleetNode[], view: PolicyNow, now: Date) => RolloutDecision;

export interface CoordinatorPorts {
  readonly cluster: FleetCluster;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly decide: Decide;
  /** Asked before each write. */
  readonly isLeading: () => boolean;
}

/** Where the policy's ConfigMap is. */
export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
}

export interface Coordinator {
  /** As FleetChanges: a list begins, a whole list (true: it was news), one Node, one that is gone. */
  onListing(): void;
  onList(nodes: ReadonlyMap<string, SeenNode>): boolean;
  onChanged(seen: SeenNode): void;
  onDeleted(name: string): void;
  /** undefined: the API server has no such ConfigMap. */
  setConfigMap(configMap: ConfigMapObject | undefined): void;
  /** The API server answers again: what could not be written before may be written now. */
  recovered(): void;
  /** Resolves when the writes under way have ended. */
  stop(): Promise<void>;
}

/** Changes come in swarms: one decision for all that come within so long, and no more than a fifth of the time spent deciding. */
const SETTLE_MS = 50;
const LONGEST_SETTLE_MS = 1000;
const RESTING_SHARE = 4;
/** A look without a cause, in ms. */
const RESYNC_MS = 600_000;
/** A Node that somebody else wrote meanwhile is one of the errors, and the usual one. */
const ERROR_PAUSE_MS = 200;
const LONGEST_ERROR_PAUSE_MS = 30_000;

/** Decides once both the Nodes and the ConfigMap, `policyName`, are known. */
export function createCoordinator(ports: CoordinatorPorts, policyName: PolicyName): Coordinator {
  const { cluster, clock, log, decide, isLeading } = ports;
  const store = seenNodes();
  const status = statusPublisher(cluster, clock, log, isLeading);
  const loop = createLoop(clock, look);
  let listed = false;
  let configMap: { readonly seen: ConfigMapObject | undefined; readonly view: PolicyNow } | undefined;
  let settleMs = SETTLE_MS;
  let errors = 0;

  async function look(): Promise<number> {
    if (!listed || configMap === undefined || !isLeading()) {
      return RESYNC_MS;
    }
    try {
      const { seen, view } = configMap;
      const decision = decideNow(view);
      const { written, failed } = await applyDecision(decision, {
        store,
        cluster,
        log,
        isLeading,
        now: () => clock.now(),
      });
      // What we wrote is part of what there is to tell.
      const outcome = written > 0 ? decideNow(view) : decision;
      const rollout = seen && view.policy && { configMap: seen, rollout: listsId(view.policy) };
      const statusMs = await status.publish(outcome, rollout);
      errors = failed > 0 ? errors + 1 : 0;
      return Math.min(
        failed > 0 ? errorPauseMs() : RESYNC_MS,
        written > 0 ? settleMs : RESYNC_MS,
        statusMs ?? RESYNC_MS,
        outcome.nextWakeup
          ? Math.max(settleMs, outcome.nextWakeup.getTime() - clock.now().getTime())
          : RESYNC_MS,
      );
    } catch (error) {
      errors += 1;
      log.warn(
        { err: error, errors },
        'The rollout could not be decided or its status could not be published; retrying',
      );
      return errorPauseMs();
    }
  }

  function decideNow(view: PolicyNow): RolloutDecision {
    const beganMs = clock.monotonicMs();
    const decision = decide(store.nodes(), view, clock.now());
    const tookMs = clock.monotonicMs() - beganMs;
    settleMs = Math.min(LONGEST_SETTLE_MS, Math.max(SETTLE_MS, RESTING_SHARE * tookMs));
    return decision;
  }

  function errorPauseMs(): number {
    return Math.min(LONGEST_ERROR_PAUSE_MS, ERROR_PAUSE_MS * 2 ** Math.max(0, errors - 1));
  }

  function lookSoon(): void {
    loop.wakeAfter(settleMs);
  }

  return {
    onListing: () => store.listing(),
    onList(nodes) {
      const isNews = store.replace(nodes) || !listed;
      listed = true;
      // After an etcd restore the status is an old one too.
      status.readAgain();
      lookSoon();
      return isNews;
    },
    onChanged(seen) {
      if (store.put(seen)) lookSoon();
    },
    onDeleted(name) {
      if (store.remove(name)) lookSoon();
    },
    setConfigMap(seen) {
      configMap = { seen, view: { ...viewPolicy(seen, policyName), readAt: clock.now() } };
      lookSoon();
    },
    recovered: lookSoon,
    stop: () => loop.stop(),
  };
}
