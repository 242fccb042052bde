// One look at the node and what follows from it.

import type { Restart } from '../plan/in-use.ts';
import { createPlanner } from '../plan/plan.ts';
import { policyErrorText } from '../report/policy-error.ts';
import { apply, journalOf } from './apply.ts';
import { needsApproval } from './approval.ts';
import type { ChangePorts } from './change.ts';
import { earlyBegin } from './early-begin.ts';
import { decide, type Decision, type Situation } from './decide.ts';
import type { Memory } from './memory.ts';
import { createHostLooks } from './host-looks.ts';
import type { Observation, Unobservable } from './observe.ts';
import { policyViewer, type PolicyView } from './policy-view.ts';
import type { AgentLog, Cluster, ConfigMapObject, HostWatch, NodeObject } from './ports.ts';
import type { Publisher } from './publish.ts';
import { createPodLooks } from './pod-looks.ts';
import { createQuiet } from './quiet.ts';
import { recover } from './recover.ts';
import { createRetryWish, withRetry } from './retry.ts';
import { createWorkingReport } from './working.ts';

export interface ReconcilePorts extends ChangePorts {
  readonly cluster: Cluster;
  readonly watch: HostWatch;
  readonly publisher: Publisher;
  readonly random: () => number;
  readonly log: AgentLog;
}

export interface ReconcileOptions {
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** A new revision waits a random part of this before it is applied, in ms. */
  readonly jitterMs: number;
  /** A change waits for the coordinator's approval, unless the policy says `rollout: Immediate`. */
  readonly waitForApproval: boolean;
}

export interface Reconciler {
  /** Hears what people ask of this node; to be told of each state of it, also while a look is under way. */
  hear(node: NodeObject): void;
  /** To be told of each change of what is watched on the host, at once. */
  hostChanged(): void;
  /** Ends a change that was left open. Rejects when it could not be. */
  recover(): Promise<void>;
  /** Resolves to the instant of the next look that nothing need cause, if there is one. */
  reconcile(node: NodeObject, configMap: ConfigMapObject | undefined): Promise<Date | undefined>;
}

export function createReconciler(ports: ReconcilePorts, options: ReconcileOptions): Reconciler {
  let memory: Memory | undefined;
  /** What the kubelet of an invocation was started with; its config files may have changed since. */
  let started: { readonly invocation: string; readonly running: readonly string[] } | undefined;
  /** What was seen last, where nothing was changed since by ourselves. */
  let lastLook: Observation | Unobservable | undefined;
  /** The restart that pods held up when it was looked at last: it is not begun before they let it go. */
  let heldUp: string | undefined;
  let toldPolicyError: string | undefined;
  let jitter: { readonly revision: string; readonly until: Date } | undefined;
  const viewPolicy = policyViewer(options.configMap);
  const working = createWorkingReport(ports.publisher, ports.clock, ports.log);
  const early = earlyBegin(ports);
  const podLooks = createPodLooks(ports.cluster, ports.clock, ports.random);
  const retry = createRetryWish();
  const planned = createPlanner();
  const hostLooks = createHostLooks(ports);
  const quiet = createQuiet(ports.random);
  const coordinated = options.waitForApproval;

  return {
    hear: (node) => retry.see(node.annotations),
    hostChanged: () => hostLooks.changed(),

    async recover() {
      memory ??= await recover(ports);
    },

    async reconcile(node, configMap) {
      memory ??= await recover(ports);
      if (retry.take()) {
        memory = await endPauses(memory);
      }
      const view = viewPolicy(configMap, memory.policy);
      const [{ seen, watch }] = await Promise.all([
        hostLooks.look(lastLook, memory.history),
        foresee({ view, node, coordinated, memory }, configMap?.resourceVersion),
      ]);
      const look = startedWith(seen);
      lastLook = look;
      const known = { view, node, coordinated, look, memory };
      const unasked = { ...known, now: now(), notBefore: undefined, pods: undefined };
      // A change does not wait until the watch is in place; the next look waits for both.
      const [acted, watched] = await Promise.allSettled([act(node, configMap, unasked), watch()]);
      return valueOf(acted, watched);
    },
  };

  async function act(
    node: NodeObject,
    configMap: ConfigMapObject | undefined,
    unasked: Situation,
  ): Promise<Date | undefined> {
    const { view, look } = unasked;
    await tellPolicyErrors(configMap, view);
    const [situation, decision] = await decideWithPods(unasked);
    const holding = decision.report.state === 'Blocked' ? decision.guarded : undefined;
    heldUp = holding && questionOf(holding);
    if (decision.change === undefined || look.kind !== 'seen') {
      const quietUntil = quiet.until(decision.report, waitsForTurn(decision, view), node, now());
      // A disk that takes no writes must not keep the node from saying so.
      await Promise.all([
        remember(decision.memory),
        quietUntil === undefined ? forgoAndTell(decision) : early.forgo(),
      ]);
      return quietUntil ?? nextLook(decision);
    }
    lastLook = undefined;
    // Where it does not come to its end, the next look finds out how far it came.
    memory = undefined;
    const applied = await apply(
      { ...ports, early, working },
      {
        node,
        situation,
        look,
        decision,
        change: decision.change,
        resourceVersion: configMap?.resourceVersion,
        latestPods: (restart) => podLooks.latest(questionOf(restart)),
      },
    );
    memory = applied.memory;
    return nextLook(applied.next);
  }

  /** Not with mode Restore: who means to take the agents away waits until every node says that it is Done. */
  function waitsForTurn({ report }: Decision, { policy }: PolicyView): boolean {
    const isCoordinated = needsApproval({ waits: coordinated, policy });
    return report.state === 'Pending' && isCoordinated && policy?.settings.mode !== 'Restore';
  }

  /** Who hears of the node finds nothing begun on it. */
  async function forgoAndTell({ report }: Decision): Promise<void> {
    try {
      await early.forgo();
    } finally {
      await ports.publisher.publish(report);
    }
  }

  /** Where the last look says what will be due, the change is begun and the pods are asked for while systemd is. */
  async function foresee(
    known: Pick<Situation, 'view' | 'node' | 'coordinated' | 'memory'>,
    resourceVersion: string | undefined,
  ): Promise<void> {
    if (lastLook === undefined) {
      return;
    }
    const unasked = { ...known, look: lastLook, now: now(), notBefore: undefined, pods: undefined };
    const decision = withJitter(unasked, decide(unasked, planned));
    const { guarded, change } = decision;
    const mayWait = guarded !== undefined && questionOf(guarded) === heldUp;
    if (change !== undefined && lastLook.kind === 'seen' && !mayWait) {
      const expected = { situation: unasked, look: lastLook, decision, change, resourceVersion };
      early.expect(journalOf(expected, now()), change.plan.after);
    }
    if (guarded !== undefined) {
      await podLooks.now(questionOf(guarded));
    }
  }

  function startedWith(look: Observation | Unobservable): Observation | Unobservable {
    if (look.kind !== 'seen' || look.running === undefined) {
      return look;
    }
    if (started?.invocation !== look.status.invocationId) {
      started = { invocation: look.status.invocationId, running: look.running };
    }
    return { ...look, running: started.running };
  }

  /** The pods are asked for only where a restart is due. */
  async function decideWithPods(unasked: Situation): Promise<readonly [Situation, Decision]> {
    const decision = withJitter(unasked, decide(unasked, planned));
    if (decision.guarded === undefined) {
      podLooks.forget();
      return [unasked, decision];
    }
    const pods = await podLooks.now(questionOf(decision.guarded));
    return [{ ...unasked, pods }, withJitter(unasked, decision.revise({ pods }))];
  }

  function nextLook({ report, guarded, retryAt }: Decision): Date | undefined {
    return guarded !== undefined && report.state === 'Blocked' ? podLooks.next() : retryAt;
  }

  /** What waits for nothing but time may be tried now. */
  async function endPauses(known: Memory): Promise<Memory> {
    podLooks.forget();
    const next = withRetry(known, now());
    // On a disk that takes no writes it holds until the agent ends.
    await (next && ports.memory.save(next).catch(() => {}));
    return next ?? known;
  }

  /** A revision that is new here waits its turn; a change for a known revision (drift), or an approved one, does not. */
  function withJitter(situation: Situation, decision: Decision): Decision {
    const revision = decision.change?.desired.revision;
    const waitsOtherwise = needsApproval({ waits: coordinated, policy: situation.view.policy });
    const isKnown = revision === undefined || revision === situation.memory.appliedRevision;
    if (options.jitterMs === 0 || waitsOtherwise || isKnown) {
      return decision;
    }
    if (jitter?.revision !== revision) {
      jitter = { revision, until: new Date(situation.now.getTime() + ports.random() * options.jitterMs) };
    }
    return decision.revise({ notBefore: jitter.until });
  }

  async function remember(next: Memory): Promise<void> {
    if (JSON.stringify(next) !== JSON.stringify(memory)) {
      await ports.memory.save(next);
    }
    memory = next;
  }

  async function tellPolicyErrors(
    configMap: ConfigMapObject | undefined,
    { errors }: PolicyView,
  ): Promise<void> {
    const message = errors.length === 0 ? undefined : policyErrorText(errors);
    if (message === undefined || message === toldPolicyError) {
      toldPolicyError = message;
      return;
    }
    ports.log.warn({ configMap: options.configMap }, message);
    try {
      await ports.cluster.configMapEvent(configMap, { type: 'Warning', reason: 'PolicyInvalid', message });
      toldPolicyError = message;
    } catch (error) {
      ports.log.warn({ err: error }, 'The Event about the ConfigMap could not be written');
    }
  }

  function now(): Date {
    return ports.clock.now();
  }
}

/** Tells restarts apart whose answer may differ. */
function questionOf({ running, next }: Restart): string {
  return JSON.stringify([running, next]);
}

/** The first one's value; throws what either was rejected with. */
function valueOf<T>(first: PromiseSettledResult<T>, second: PromiseSettledResult<unknown>): T {
  if (first.status === 'rejected') {
    throw first.reason;
  }
  if (second.status === 'rejected') {
    throw second.reason;
  }
  return first.value;
}
