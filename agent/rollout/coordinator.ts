// One leader's term: decides again after each change of a Node or the ConfigMap, and writes only differences.

import { createLoop } from '../time/loop.ts';
import type { Clock } from '../time/clock.ts';
import { applyDecision } from './apply/apply-decision.ts';
import type { FleetNode, RolloutDecision } from './fleet.ts';
import type { PolicyNow } from './decision/gate.ts';
import { listsId, viewPolicy } from './status/policy-view.ts';
import type { FleetCluster, SeenNode } from './ports.ts';
import type { FleetPicture } from './metrics/fleet-samples.ts';
import { type ListsPublisher, listsPublisher } from './lists/publisher.ts';
import { createPace, type Pace } from './pace.ts';
import { statusPublisher, type StatusPublisher } from './status/publisher.ts';
import { type SeenNodes, seenNodes } from './apply/node-store.ts';
import type { ConfigMapObject } from '../policy/config-map.ts';
import type { AgentLog } from '../report/log.ts';

/** Pure: every coordinator decides the same from the same input. */
export type Decide = (nodes: readonly FleetNode[], view: PolicyNow, now: Date) => RolloutDecision;

export interface CoordinatorPorts {
  readonly cluster: FleetCluster;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly decide: Decide;
  /** Checked before each write. */
  readonly isLeading: () => boolean;
  /** Called with the picture of each pass, after its writes and before its report. */
  readonly onDecided?: (picture: FleetPicture) => void;
}

/** Namespace and name of the policy's ConfigMap. */
export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
}

export interface Coordinator {
  /** As FleetChanges: the Node as it was seen last; a list begins; a whole list (returns true when it differs); one Node changed; one Node deleted. */
  known(name: string): SeenNode | undefined;
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

/** When to decide next if no event arrives, in ms. */
const RESYNC_MS = 600_000;

/** Decides when both the Nodes and the ConfigMap `policyName` have been read. */
export function createCoordinator(ports: CoordinatorPorts, policyName: PolicyName): Coordinator {
  const { cluster, clock, log, isLeading } = ports;
  const store = seenNodes();
  const status = statusPublisher(cluster, clock, log, isLeading);
  const lists = listsPublisher(cluster, clock, log, isLeading);
  const pace = createPace(clock);
  const loop = createLoop(clock, pass);
  let listed = false;
  let configMap: KnownPolicy | undefined;

  async function pass(): Promise<number> {
    if (!listed || configMap === undefined || !isLeading()) {
      return RESYNC_MS;
    }
    try {
      return await roll(ports, { store, status, lists, pace }, configMap);
    } catch (error) {
      log.warn({ err: error }, 'The rollout could not be decided or reported; the coordinator retries');
      return pace.after(true) ?? RESYNC_MS;
    }
  }

  function passSoon(): void {
    loop.wakeAfter(pace.settleMs());
  }

  return {
    known: (name) => store.get(name),
    onListing: () => store.listing(),
    onList(nodes) {
      const isNews = store.replace(nodes) || !listed;
      listed = true;
      // An etcd restore sets the status back too.
      status.readAgain();
      lists.readAgain();
      passSoon();
      return isNews;
    },
    onChanged(seen) {
      if (store.put(seen)) passSoon();
    },
    onDeleted(name) {
      if (store.remove(name)) passSoon();
    },
    setConfigMap(seen) {
      configMap = { seen, view: { ...viewPolicy(seen, policyName), readAt: clock.now() } };
      passSoon();
    },
    recovered: passSoon,
    stop: () => loop.stop(),
  };
}

interface KnownPolicy {
  readonly seen: ConfigMapObject | undefined;
  readonly view: PolicyNow;
}

/** Decides, writes and reports once. Returns the ms until the next pass. Rejects when the status could not be read or written. */
async function roll(
  { cluster, clock, log, decide, isLeading, onDecided }: CoordinatorPorts,
  {
    store,
    status,
    lists,
    pace,
  }: {
    readonly store: SeenNodes;
    readonly status: StatusPublisher;
    readonly lists: ListsPublisher;
    readonly pace: Pace;
  },
  { seen, view }: KnownPolicy,
): Promise<number> {
  const decideNow = (): RolloutDecision => decide(store.nodes(), view, clock.now());
  const decision = pace.measure(decideNow);
  const { written, failed } = await applyDecision(decision, {
    store,
    cluster,
    log,
    isLeading,
    now: () => clock.now(),
  });
  // What was written is part of the status. The next pass follows soon, so that others need not know it now.
  const outcome = written > 0 && status.isDue(decision) ? decideNow() : decision;
  if (isLeading()) {
    onDecided?.({ decision: outcome, nodes: store.nodes(), policy: view });
  }
  const listsMs = await lists.publish(view.policy, store.nodes());
  const rollout = seen && view.policy && { configMap: seen, rollout: listsId(view.policy) };
  const statusMs = await status.publish(outcome, rollout);
  const { nextWakeup } = outcome;
  return Math.min(
    pace.after(failed > 0) ?? RESYNC_MS,
    written > 0 ? pace.settleMs() : RESYNC_MS,
    statusMs ?? RESYNC_MS,
    listsMs ?? RESYNC_MS,
    nextWakeup ? Math.max(pace.settleMs(), nextWakeup.getTime() - clock.now().getTime()) : RESYNC_MS,
  );
}
