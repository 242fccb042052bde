// One leader's term: decides again after each change of a Node or the ConfigMap, and writes only differences.

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

/** Pure: every coordinator decides the same from the same input. */
export type Decide = (nodes: readonly FleetNode[], view: PolicyNow, now: Date) => RolloutDecision;

export interface CoordinatorPorts {
  readonly cluster: FleetCluster;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly decide: Decide;
  /** Checked before each write. */
  readonly isLeading: () => boolean;
}

/** Namespace and name of the policy's ConfigMap. */
export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
}

export interface Coordinator {
  /** As FleetChanges: a list begins; a whole list (returns true when it differs); one Node changed; one Node deleted. */
  onListing(): void;
  onList(nodes: ReadonlyMap<string, SeenNode>): boolean;
  onChanged(seen: SeenNode): void;
  onDeleted(name: string): void;
  /** undefined: the ConfigMap does not exist. */
  setConfigMap(configMap: ConfigMapObject | undefined): void;
  /** The API server answers again: retries failed writes without waiting for the backoff. */
  recovered(): void;
  /** Resolves when all pending writes have ended. */
  stop(): Promise<void>;
}

/** Debounce of 50 ms to 1 s between decisions; deciding takes at most 20 % of the time. */
const SETTLE_MS = 50;
const LONGEST_SETTLE_MS = 1000;
const RESTING_SHARE = 4;
/** When to decide next if no event arrives. */
const RESYNC_MS = 600_000;
/** Backoff after a failed write. Most failures are conflicts, so it begins short. */
const ERROR_PAUSE_MS = 200;
const LONGEST_ERROR_PAUSE_MS = 30_000;

/** Decides when both the Nodes and the ConfigMap `policyName` have been read. */
export function createCoordinator(ports: CoordinatorPorts, policyName: PolicyName): Coordinator {
  const { cluster, clock, log, decide, isLeading } = ports;
  const store = seenNodes();
  const status = statusPublisher(cluster, clock, log, isLeading);
  const loop = createLoop(clock, reconcile);
  let listed = false;
  let configMap: { readonly seen: ConfigMapObject | undefined; readonly view: PolicyNow } | undefined;
  let settleMs = SETTLE_MS;
  let errors = 0;

  async function reconcile(): Promise<number> {
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
      // The status includes what was just written.
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

  function reconcileSoon(): void {
    loop.wakeAfter(settleMs);
  }

  return {
    onListing: () => store.listing(),
    onList(nodes) {
      const isNews = store.replace(nodes) || !listed;
      listed = true;
      // An etcd restore sets the status back too.
      status.readAgain();
      reconcileSoon();
      return isNews;
    },
    onChanged(seen) {
      if (store.put(seen)) reconcileSoon();
    },
    onDeleted(name) {
      if (store.remove(name)) reconcileSoon();
    },
    setConfigMap(seen) {
      configMap = { seen, view: { ...viewPolicy(seen, policyName), readAt: clock.now() } };
      reconcileSoon();
    },
    recovered: reconcileSoon,
    stop: () => loop.stop(),
  };
}
