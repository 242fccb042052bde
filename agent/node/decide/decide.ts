// What to do on this node now, and what to report: a pure function of the observation, the policy and the agent's state.

import { driftOf, restartNeeded, type Drift } from '../../plan/drift.ts';
import { mayEndPods, type Restart } from '../../plan/in-use.ts';
import { planChange } from '../../plan/plan.ts';
import type { Plan, PlanInput } from '../../plan/types.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { desiredFor, type Desired } from '../../policy/desired.ts';
import type { NodeReport } from '../../report/annotations.ts';
import type { State } from '../../names.ts';
import { policyErrorText } from '../../report/policy-error.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { checkPlanned } from './checks.ts';
import type { Planned, Planning, Situation } from './context.ts';
import { failedRevision } from './failure-backoff.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation, Unobservable } from '../observe/observe.ts';
import { refusalReason } from './reasons.ts';
import { hasFlag } from './refused-flag.ts';
import { notRegularReason } from '../observe/reasons.ts';

export interface Decision {
  readonly report: NodeReport;
  /** The change to carry out now. */
  readonly change:
    | { readonly plan: Planned; readonly restart: boolean; readonly desired: Desired }
    | undefined;
  /** The state to save when no change is carried out. */
  readonly agentState: AgentState;
  /** When to reconcile again if no event arrives. */
  readonly retryAt: Date | undefined;
  /** A restart that may end pods. List the pods and decide again before acting. */
  readonly guarded: Restart | undefined;
}

/** Plans the node's change; undefined when there is no policy, or when the node could not be observed. */
export function planNode({ view, node, observation, agentState }: Situation): Planning | undefined {
  const { policy } = view;
  if (observation.kind === 'unobservable' || policy === undefined) {
    return undefined;
  }
  const { kubelet, kernel, unit, config } = observation;
  const desired = desiredFor(policy, { labels: node.labels, kubelet, kernel });
  const { original } = agentState;
  const planFor = (of: KubeletUnit): Plan => {
    const input: PlanInput = {
      unit: of,
      config,
      desired: desired.allowances,
      lastApplied: agentState.lastApplied,
      unmanaged: policy.settings.unmanaged,
      goal: policy.settings.mode === 'Restore' ? 'Restore' : 'Apply',
      original: original && {
        ...original,
        bytes: original.bytes === null ? undefined : Buffer.from(original.bytes, 'base64'),
      },
      kubelet,
    };
    const plan = planChange(input);
    return observation.takesFlag ? plan : withoutFlag(plan, input);
  };
  const { pending } = observation;
  return { desired, plan: planFor(unit), afterReload: pending && planFor(pending.unit) };
}

/** Returns the plan for a kubelet that does not start with our flag: what a Restore would write, when this plan needs the flag. */
function withoutFlag(plan: Plan, input: PlanInput): Plan {
  if (plan.kind !== 'planned' || !hasFlag(plan.words.after)) {
    return plan;
  }
  const restored = planChange({ ...input, goal: 'Restore' });
  return restored.kind === 'planned'
    ? { ...restored, desired: plan.desired, missing: plan.desired }
    : restored;
}

/** Decides on the plan of `planNode`. Cheap: call it again when more is known. */
export function decide(situation: Situation, planning: Planning | undefined): Decision {
  const { view, observation, now } = situation;
  const known = { ...situation.agentState, policy: view.data };
  // Without a policy there is nothing to save: mode Restore has removed the agent's folder.
  const agentState = planning === undefined ? known : withStarted(known, observation);
  if (observation.kind === 'unobservable') {
    const { state, reason, retryMs } = observation;
    const retryAt = retryMs === undefined ? undefined : new Date(now.getTime() + retryMs);
    return { ...decisionOf(situation, agentState, state, reason), retryAt };
  }
  if (planning === undefined) {
    return decisionOf(
      situation,
      agentState,
      'Observing',
      'No valid policy was seen yet: nothing is changed.',
    );
  }
  const { desired, plan, afterReload } = planning;
  switch (plan.kind) {
    case 'unreconcilable':
      return decisionOf(situation, agentState, 'Unreconcilable', plan.reason, desired);
    case 'refused':
      return decisionOf(situation, agentState, 'Degraded', refusalReason(plan), desired);
    case 'planned': {
      const irregular = observation.irregular.find(({ path }) => path === plan.file);
      return irregular === undefined
        ? decidePlanned({ situation, observation, agentState, desired, plan, afterReload })
        : decisionOf(situation, agentState, 'Degraded', notRegularReason(irregular.message), desired);
    }
  }
}

interface PlannedInput {
  readonly situation: Situation;
  readonly observation: Observation;
  readonly agentState: AgentState;
  readonly desired: Desired;
  readonly plan: Planned;
  readonly afterReload: Plan | undefined;
}

function decidePlanned(input: PlannedInput): Decision {
  const { situation, observation, agentState, desired, plan, afterReload } = input;
  const running = observation.running ?? [];
  const drift = driftOf({
    desired: plan.desired,
    configured: plan.configured.before,
    running: observation.running ?? plan.configured.before,
    unmanaged: plan.unmanaged,
  });
  const unsupported = desired.unsupported.map(({ pattern }) => pattern);
  const shown = { ...drift, missing: [...drift.missing, ...unsupported] };
  const restart = isRestartDue(plan, agentState, running);
  const next: Restart = {
    running: observation.running,
    next: plan.configured.after,
    kubelet: observation.kubelet,
    kernel: observation.kernel,
  };
  const guarded = restart && mayEndPods(next) ? next : undefined;
  const verdict = checkPlanned({
    ...situation,
    observation,
    saved: situation.agentState,
    agentState,
    desired,
    plan,
    afterReload,
    drift: shown,
    restart,
    guarded,
  });
  const decision = decisionOf(situation, agentState, verdict.state, verdict.reason, desired, shown);
  return {
    report: { ...decision.report, ...verdict.report },
    change: verdict.state === 'Working' ? { plan, restart, desired } : undefined,
    agentState: verdict.agentState ?? agentState,
    retryAt: verdict.retryAt,
    guarded: verdict.asksPods === true ? guarded : undefined,
  };
}

function isRestartDue(plan: Planned, { lastApplied }: AgentState, running: readonly string[]): boolean {
  const { before, after } = plan.configured;
  const removed = before.filter((item) => !coverageOf(after)(item));
  return (
    removed.some(coverageOf(running)) ||
    restartNeeded({ desired: plan.desired, lastApplied, configured: after, running })
  );
}

/** Saves what the kubelet was started with: a later agent process cannot read it from files that have changed since. */
function withStarted(agentState: AgentState, observation: Observation | Unobservable): AgentState {
  if (observation.kind === 'unobservable' || observation.running === undefined) {
    return agentState;
  }
  const { status, running } = observation;
  return { ...agentState, started: { invocation: status.invocationId, running } };
}

function decisionOf(
  { view, observation }: Situation,
  agentState: AgentState,
  state: State,
  reason: string,
  desired?: Desired,
  drift: Drift = { missing: [], unmanaged: [], pendingRestart: [] },
): Decision {
  const policyError = view.errors.length === 0 ? undefined : policyErrorText(view.errors);
  const kept = view.policy === undefined ? '' : ' The last valid policy stays in force.';
  return {
    report: {
      state,
      reason: policyError === undefined ? reason : `The ConfigMap is not valid.${kept} ${reason}`,
      desired: desired?.allowances,
      running: observation.kind === 'seen' ? observation.running : undefined,
      drift,
      policyError,
      desiredRevision: desired?.revision,
      appliedRevision: agentState.appliedRevision,
      failedRevision: failedRevision(agentState, desired?.revision),
      lastChange: agentState.lastChange,
      history: agentState.history,
    },
    change: undefined,
    agentState,
    retryAt: undefined,
    guarded: undefined,
  };
}
