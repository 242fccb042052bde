// One look at the node and what follows from it.

import { coveredBy } from '../sysctl/coverage.ts';
import { runningAllowances } from '../kubelet/running.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { takenAway, type Restart } from '../plan/in-use.ts';
import { policyErrorText } from '../report/policy-error.ts';
import { carryOut, type ChangePorts, type ChangeResult } from './change.ts';
import { decide, type Decision, type Situation } from './decide.ts';
import { situationOf } from './fingerprint.ts';
import { objection } from './guard.ts';
import type { Memory } from './memory.ts';
import { observe, type Observation, type Unobservable } from './observe.ts';
import { viewPolicy, type PolicyView } from './policy-view.ts';
import type { AgentLog, Cluster, ConfigMapObject, HostWatch, NodeObject } from './ports.ts';
import type { Publisher } from './publish.ts';
import { createPodLooks } from './pod-looks.ts';
import { recover } from './recover.ts';
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
}

export interface Reconciler {
  /** Resolves to the instant of the next look that nothing need cause, if there is one. */
  reconcile(node: NodeObject, configMap: ConfigMapObject | undefined): Promise<Date | undefined>;
}

type DueChange = NonNullable<Decision['change']>;

export function createReconciler(ports: ReconcilePorts, options: ReconcileOptions): Reconciler {
  let memory: Memory | undefined;
  /** What the kubelet of an invocation was started with; its config files may have changed since. */
  let started: { readonly invocation: string; readonly running: readonly string[] } | undefined;
  /** What was seen last, where nothing was changed since by ourselves. */
  let lastLook: Observation | Unobservable | undefined;
  let toldPolicyError: string | undefined;
  let jitter: { readonly revision: string; readonly until: Date } | undefined;
  const working = createWorkingReport(ports.publisher, ports.clock, ports.log);
  const podLooks = createPodLooks(ports.cluster, ports.clock, ports.random);

  return {
    async reconcile(node, configMap) {
      memory ??= await recover(ports);
      const view = viewPolicy(configMap, memory.policy, options.configMap);
      const labels = node.labels;
      const [seen] = await Promise.all([observe(ports), foresee({ view, labels, memory })]);
      const look = startedWith(seen);
      lastLook = look;
      const unasked = { view, labels, look, memory, now: now(), notBefore: undefined, pods: undefined };
      // A change does not wait until the watch is in place; the next look waits for both.
      const [acted, watched] = await Promise.allSettled([
        act(node, configMap, unasked),
        ports.watch.watchPaths(look.watch),
      ]);
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
    if (decision.change === undefined || look.kind !== 'seen') {
      await remember(decision.memory);
      await ports.publisher.publish(decision.report);
      return nextLook(decision);
    }
    return change(node, situation, look, decision, decision.change);
  }

  /** Where the last look says that a restart will be due, the pods are asked for while systemd is. */
  async function foresee(known: Pick<Situation, 'view' | 'labels' | 'memory'>): Promise<void> {
    if (lastLook === undefined) {
      return;
    }
    const unasked = { ...known, look: lastLook, now: now(), notBefore: undefined, pods: undefined };
    const { guarded } = decide(unasked);
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
    const decision = withJitter(unasked, decide(unasked));
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

  /** A revision that is new here waits its turn; a change for a known revision (drift) does not. */
  function withJitter(situation: Situation, decision: Decision): Decision {
    const revision = decision.change?.desired.revision;
    if (options.jitterMs === 0 || revision === undefined || revision === situation.memory.appliedRevision) {
      return decision;
    }
    if (jitter?.revision !== revision) {
      jitter = { revision, until: new Date(situation.now.getTime() + ports.random() * options.jitterMs) };
    }
    return decision.revise({ notBefore: jitter.until });
  }

  async function change(
    node: NodeObject,
    situation: Situation,
    look: Observation,
    decision: Decision,
    due: DueChange,
  ): Promise<Date | undefined> {
    const { guarded } = decision;
    ports.log.info({ file: due.plan.file, restart: due.restart }, due.plan.reason);
    const { pods } = situation;
    let podsNow = pods;
    lastLook = undefined;
    const result = await carryOut(ports, {
      unit: look.status.name,
      file: due.plan.file,
      before: due.plan.before,
      after: due.plan.after,
      restart: due.restart,
      invocation: look.status.invocationId,
      healthz: look.healthz,
      accepts: (argv) => carries(runningAllowances(argv, look.config), due.plan.desired),
      mayRestart: async () => {
        // An API server that was not there a moment ago is not waited for twice, and what came since uses nothing that goes.
        if (guarded === undefined || pods?.kind === 'unknown' || takenAway(guarded).length === 0) {
          return true;
        }
        podsNow = await podLooks.latest(questionOf(guarded));
        return objection(podsNow, guarded) === undefined;
      },
      onWritten: () => working.begin(decision.report),
    });
    working.end();
    const next = afterChange({ ...situation, pods: podsNow }, look, decision, due, result);
    await Promise.all([
      ports.publisher.publish(next.report),
      remember(next.memory).then(() => ports.memory.endChange()),
    ]);
    await tellRestart(node, due, result);
    return nextLook(next);
  }

  function afterChange(
    situation: Situation,
    look: Observation,
    decision: Decision,
    due: DueChange,
    result: ChangeResult,
  ): Decision {
    if (result.kind === 'held') {
      return decide({ ...situation, memory: decision.memory, now: now() });
    }
    if (result.kind === 'done') {
      const changed: Observation = {
        ...look,
        status: result.proof?.status ?? look.status,
        unit: withFile(look.unit, due.plan.file, due.plan.after),
        running:
          result.proof === undefined ? look.running : runningAllowances(result.proof.argv, look.config),
      };
      const lastChange = now().toISOString();
      return decide({
        ...situation,
        look: changed,
        memory: { ...decision.memory, lastApplied: due.plan.remember, lastChange },
        now: now(),
      });
    }
    const situationNow = situationOf(look, due.desired.revision);
    const { failure } = situation.memory;
    const attempts = failure?.situation === situationNow ? failure.attempts + 1 : 1;
    const ending =
      result.kind === 'rolled-back'
        ? 'and was rolled back'
        : 'and could not be rolled back to a healthy kubelet';
    const message = `The change failed ${ending}: ${result.why}.`;
    ports.log.warn({ attempts }, message);
    return decide({
      ...situation,
      memory: {
        ...decision.memory,
        failure: { situation: situationNow, attempts, at: now().toISOString(), message },
      },
      now: now(),
    });
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

  async function tellRestart(node: NodeObject, due: DueChange, result: ChangeResult): Promise<void> {
    if (result.kind !== 'done' || result.proof === undefined) {
      return;
    }
    const message = `${result.proof.status.name} was restarted and is healthy after ${result.tookMs} ms: ${due.plan.reason}`;
    ports.log.info({ tookMs: result.tookMs, invocation: result.proof.status.invocationId }, message);
    try {
      await ports.cluster.nodeEvent(node, { type: 'Normal', reason: 'KubeletRestarted', message });
    } catch (error) {
      ports.log.warn({ err: error }, 'The Event KubeletRestarted could not be written');
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

function carries(running: readonly string[], desired: readonly string[]): boolean {
  return desired.every((pattern) => coveredBy(running, pattern));
}

function withFile(unit: KubeletUnit, path: string, content: Uint8Array | undefined): KubeletUnit {
  return {
    ...unit,
    environmentFiles: unit.environmentFiles.map((file) => (file.path === path ? { ...file, content } : file)),
  };
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
