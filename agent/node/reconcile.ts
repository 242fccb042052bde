// One pass over the node: observe, plan once, decide, act, report. Each step ends before the next begins.

import { KEYS } from '../names.ts';
import type { Restart } from '../plan/in-use.ts';
import { applyChange } from './change/apply.ts';
import { needsApproval } from './decide/approval.ts';
import type { Planning, Situation } from './decide/context.ts';
import { decide, intentOf, planNode, type Decision } from './decide/decide.ts';
import type { ChangePorts } from './change/execute.ts';
import { failedIn } from './decide/failure-backoff.ts';
import { createHostObserver, type HostObserver } from './observe/host-observer.ts';
import { createJitter, type Jitter } from './decide/jitter.ts';
import type { AgentState } from './state/state-store.ts';
import { createNodeState, type NodeState } from './state/node-state.ts';
import type { PolicyView } from '../policy/policy-view.ts';
import { createPolicySource } from './report/policy-source.ts';
import type { Cluster, HostWatch, NodeObject } from './ports.ts';
import type { Publisher } from './report/publisher.ts';
import { createLabelDelay } from './decide/label-delay.ts';
import { createPodPoller, type PodPoller } from './decide/pod-poller.ts';
import { createPendingDelay, type PendingDelay } from './report/pending-delay.ts';
import { recover } from './change/recover.ts';
import { withdrawsFlag } from './decide/refused-flag.ts';
import { withdrawFlag } from './change/withdraw-flag.ts';
import { createRetryRequest, withRetry } from './decide/retry-request.ts';
import { createWorkingReport } from './report/working-report.ts';
import type { ConfigMapObject } from '../policy/config-map.ts';
import type { AgentLog } from '../report/log.ts';

export interface ReconcilePorts extends ChangePorts {
  readonly cluster: Cluster;
  readonly watch: HostWatch;
  readonly publisher: Publisher;
  readonly random: () => number;
  readonly log: AgentLog;
}

export interface ReconcileOptions {
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** A new revision waits a random part of this time before the agent applies it, in ms. */
  readonly jitterMs: number;
  /** A change waits for the coordinator's approval, unless the policy says `rollout: Immediate`. */
  readonly waitForApproval: boolean;
}

export interface Reconciler {
  /** Records user requests in the Node's annotations. Call for every Node update, also during a pass. */
  onNode(node: NodeObject): void;
  /** Completes or undoes a change that was left open. Rejects when that failed. */
  recover(): Promise<void>;
  /** Makes one pass. Returns when to reconcile next if no event arrives; undefined: no such time. */
  reconcile(node: NodeObject, configMap: ConfigMapObject | undefined): Promise<Date | undefined>;
}

/** The caller awaits each pass before it starts the next. */
export function createReconciler(ports: ReconcilePorts, options: ReconcileOptions): Reconciler {
  const retry = createRetryRequest();
  const state = createNodeState(ports.stateStore, () => recover(ports));
  const policy = createPolicySource(options.configMap, ports);
  const observer: HostObserver = createHostObserver(ports);
  const pods = createPodPoller(ports.cluster, ports.clock, ports.random);
  const jitter = createJitter(options.jitterMs, ports.random);
  const pendingDelay = createPendingDelay(ports.random);
  const labels = createLabelDelay(ports.clock);
  const working = createWorkingReport(ports.publisher, ports.clock, ports.log);

  function nextOf(at: Date | undefined, { report }: Decision): Date | undefined {
    return earlier(earlier(at, observer.pollAt()), labels.until(report.profiles ?? []));
  }

  return {
    onNode(node) {
      retry.see(node.annotations);
      labels.see(node.labels);
    },

    async recover() {
      await state.current();
    },

    async reconcile(node, configMap) {
      const agentState = retry.take() ? await endPauses(ports, state, pods) : await state.current();
      const view = await policy.read(configMap, agentState.policy);
      const observation = await observer.observe(agentState.started, intentOf({ view, node, agentState }));
      const situation: Situation = {
        view,
        node: { ...node, labels: ports.publisher.labels() ?? node.labels },
        coordinated: options.waitForApproval,
        observation,
        agentState,
        kept: labels.kept(agentState.profiles ?? []),
        shown: ports.publisher.shown() ?? {
          state: node.annotations[KEYS.state],
          reason: node.annotations[KEYS.reason] ?? '',
        },
        now: ports.clock.now(),
        monotonicMs: ports.clock.monotonicMs(),
        resourceVersion: configMap?.resourceVersion,
        notBefore: undefined,
        pods: undefined,
      };
      const planning = planNode(situation);
      const known = withFailedSituation(situation, planning);
      const decided = await decideWithPods(withJitter(known, planning, jitter), planning, pods);
      if (decided.decision.change === undefined || observation.kind !== 'seen') {
        return nextOf(await settle(ports, { state, pendingDelay, pods }, decided), decided.decision);
      }
      const { plan } = decided.decision.change;
      const carryOut = withdrawsFlag(observation, plan) ? withdrawFlag : applyChange;
      const next = await carryOut(
        { ...ports, state, working },
        {
          situation: decided.situation,
          observation,
          decision: decided.decision,
          change: decided.decision.change,
          latestPods: (restart) => pods.latest(podsKey(restart)),
        },
      );
      return nextOf(nextPass(next, pods), next);
    },
  };
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}

interface Decided {
  readonly situation: Situation;
  readonly decision: Decision;
}

/** Saves and reports a decision that changes nothing. */
async function settle(
  ports: Pick<ReconcilePorts, 'publisher' | 'clock'>,
  {
    state,
    pendingDelay,
    pods,
  }: { readonly state: NodeState; readonly pendingDelay: PendingDelay; readonly pods: PodPoller },
  { situation, decision }: Decided,
): Promise<Date | undefined> {
  const { report, agentState } = decision;
  const silentUntil = pendingDelay.until(
    report,
    waitsForTurn(decision, situation),
    situation.node,
    ports.clock.now(),
  );
  const saved = await Promise.allSettled([state.save(agentState)]);
  // The report goes out even when the disk takes no writes.
  if (silentUntil === undefined) {
    await ports.publisher.publish(report);
  }
  for (const result of saved) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
  return earlier(silentUntil, nextPass(decision, pods));
}

/** After a failed change, records this observation as the situation in which the agent waits before it retries. */
function withFailedSituation(situation: Situation, planning: Planning | undefined): Situation {
  const { observation, agentState } = situation;
  return observation.kind === 'seen' && planning !== undefined
    ? { ...situation, agentState: failedIn(agentState, observation, planning.desired.revision) }
    : situation;
}

/** Adds the jitter to a due change that no coordinator approves. */
function withJitter(situation: Situation, planning: Planning | undefined, jitter: Jitter): Situation {
  const { change } = decide(situation, planning);
  const isCoordinated = needsApproval({ waits: situation.coordinated, policy: situation.view.policy });
  if (change === undefined || isCoordinated) {
    return situation;
  }
  const notBefore = jitter.notBefore(change.desired.revision, situation.agentState, situation.now);
  return { ...situation, notBefore };
}

/** Lists the pods only when a due restart may end some. */
async function decideWithPods(
  situation: Situation,
  planning: Planning | undefined,
  pods: PodPoller,
): Promise<Decided> {
  const decision = decide(situation, planning);
  if (decision.guarded === undefined) {
    pods.forget();
    return { situation, decision };
  }
  const listed = { ...situation, pods: await pods.now(podsKey(decision.guarded)) };
  return { situation: listed, decision: decide(listed, planning) };
}

function nextPass({ report, guarded, retryAt }: Decision, pods: PodPoller): Date | undefined {
  return guarded !== undefined && report.state === 'Blocked' ? pods.next() : retryAt;
}

/** False with mode Restore: an administrator who removes the agents waits until every node is Done. */
function waitsForTurn(
  { report }: Decision,
  { view: { policy }, coordinated }: { readonly view: PolicyView; readonly coordinated: boolean },
): boolean {
  const isCoordinated = needsApproval({ waits: coordinated, policy });
  return report.state === 'Pending' && isCoordinated && policy?.settings.mode !== 'Restore';
}

/** A user requested a retry: ends the pauses that began before it. */
async function endPauses(
  { stateStore, clock }: Pick<ReconcilePorts, 'stateStore' | 'clock'>,
  state: NodeState,
  pods: PodPoller,
): Promise<AgentState> {
  const known = await state.current();
  pods.forget();
  const next = withRetry(known, clock.now());
  if (next === undefined) {
    return known;
  }
  // On a disk that takes no writes the request holds until the agent exits.
  await stateStore.save(next).catch(() => {});
  state.replace(next);
  return next;
}

/** A key for the pod poller: restarts with the same key end the same pods. */
function podsKey({ running, next }: Restart): string {
  return JSON.stringify([running, next]);
}
