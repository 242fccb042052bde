// What to do on this node now, and what to report: a pure function of the observation, the policy and the agent's state.

import { driftOf, restartNeeded, type Drift } from '../../plan/drift.ts';
import { driftWithoutPlan } from '../../plan/drift-without-plan.ts';
import { mayEndPods, type Restart } from '../../plan/in-use.ts';
import { planChange } from '../../plan/plan.ts';
import type { Plan, PlanInput } from '../../plan/types.ts';
import { NOTHING } from '../../plan/merge.ts';
import type { Policy } from '../../policy/policy.ts';
import { desiredFor, type Desired } from '../../policy/desired.ts';
import type { NodeReport } from '../../report/annotations.ts';
import { ROLLBACK_INCOMPLETE, type State } from '../../names.ts';
import { policyErrorText } from '../../report/policy-error.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { allowsOf, allowsThrough } from './allows.ts';
import { mayChange } from './approval.ts';
import { checkPlanned } from './checks.ts';
import type { Planned, Planning, Situation } from './context.ts';
import { failedRevision, isRollbackIncomplete } from './failure-backoff.ts';
import { isWriteLate, lateReason } from './late-write.ts';
import { EXTRA_ARGS } from '../../kubelet/unit.ts';
import { originalsOf } from '../state/original-file.ts';
import { type AgentState, EMPTY_STATE } from '../state/state-store.ts';
import type { Intent, Observation, Unobservable } from '../observe/observe.ts';
import { refusalReason } from './reasons.ts';
import { hasFlag } from './refused-flag.ts';
import { withoutEditedStarts } from './start-limit.ts';
import { notRegularReason } from '../observe/reasons.ts';
import { signsText } from '../observe/vendor/signs.ts';

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
export function planNode({
  view,
  node,
  kept,
  observation,
  agentState,
}: Pick<Situation, 'view' | 'node' | 'kept' | 'observation' | 'agentState'>): Planning | undefined {
  const { policy } = view;
  if (observation.kind === 'unobservable' || policy === undefined) {
    return undefined;
  }
  const { kubelet, kernel, unit, config } = observation;
  const desired = desiredFor(policy, { labels: node.labels, kept, kubelet, kernel });
  const planFor = (next: Pick<PlanInput, 'unit' | 'config'>): Plan => {
    const input: PlanInput = {
      ...planInput(policy, agentState, next),
      desired: desired.allowances,
      written: writtenFiles(agentState, observation),
      kubelet,
    };
    const plan = planChange(input);
    return observation.takesFlag ? plan : withoutFlag(plan, input);
  };
  const { pending } = observation;
  return { desired, plan: planFor({ unit, config }), afterReload: pending && planFor(pending) };
}

/** Returns the plan for a kubelet that does not start with our flag: what a Restore would write, when this plan needs the flag. */
function withoutFlag(plan: Plan, input: PlanInput): Plan {
  if (plan.kind !== 'planned' || !hasFlag(plan.words.after)) {
    return plan;
  }
  const written = input.written?.filter(({ file }) => file === plan.file);
  const restored = planChange({ ...input, goal: 'Restore', written });
  return restored.kind === 'planned'
    ? { ...restored, desired: plan.desired, missing: plan.desired, remember: NOTHING }
    : restored;
}

function planInput(
  { settings }: Policy,
  { lastApplied }: AgentState,
  kubelet: Pick<PlanInput, 'unit' | 'config'>,
): Omit<PlanInput, 'desired' | 'kubelet' | 'written'> {
  return {
    ...kubelet,
    lastApplied,
    unmanaged: settings.unmanaged,
    openShiftConfigDir: settings.openShiftConfigDir,
    goal: settings.mode === 'Restore' ? 'Restore' : 'Apply',
  };
}

function writtenFiles(agentState: AgentState, observation: Observation): PlanInput['written'] {
  const { ours, folded } = agentState.lastApplied;
  return originalsOf(agentState)?.map(({ file, variable = EXTRA_ARGS, bytes, left, applied, carried }) => ({
    file,
    variable: variable ?? undefined,
    bytes: bytes === null ? undefined : Buffer.from(bytes, 'base64'),
    left,
    applied: applied ?? [...ours, ...folded],
    carried,
    found: observation.written.find(({ path }) => path === file)?.content,
  }));
}

/** Returns what an observation under this policy is for. */
export function intentOf({
  view,
  node,
  agentState,
}: Pick<Situation, 'view' | 'node' | 'agentState'>): Intent {
  const { policy } = view;
  return {
    mayChange: mayChange({ node, view }),
    written: originalsOf(agentState)?.map(({ file }) => file) ?? [],
    refusal: (unit, config) => {
      // Whether a unit can be changed depends on neither the list nor the version.
      const plan = policy && planChange({ ...planInput(policy, agentState, { unit, config }), desired: [] });
      return plan?.kind === 'unreconcilable' ? plan.reason : undefined;
    },
  };
}

/** Decides on the plan of `planNode`. Cheap: call it again when more is known. */
export function decide(situation: Situation, planning: Planning | undefined): Decision {
  const { view, observation, now } = situation;
  const known = {
    ...situation.agentState,
    policy: view.data,
    ...(planning && { profiles: planning.desired.profiles }),
  };
  // Without a policy there is nothing to save: mode Restore has removed the agent's folder.
  const agentState =
    planning === undefined
      ? known
      : withStarted(withoutEditedStarts(known, { ...situation, ...planning.desired }), observation);
  if (observation.kind === 'unobservable') {
    const { state, reason, retryMs } = observation;
    const retryAt = retryMs === undefined ? undefined : new Date(now.getTime() + retryMs);
    return { ...decisionOf(situation, agentState, state, withSigns(reason, situation)), retryAt };
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
    case 'unreconcilable': {
      // With mode Restore the plan has cleaned every file that was written.
      const isRestored = view.policy?.settings.mode === 'Restore' && originalsOf(agentState) !== undefined;
      const state = isRestored ? EMPTY_STATE : agentState;
      return decisionOf(situation, state, 'Unreconcilable', withSigns(plan.reason, situation), desired);
    }
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

/** Adds to the reason of a node that the agent cannot change where its vendor sets the sysctls. */
function withSigns(reason: string, { observation: { signs }, node }: Situation): string {
  return signs === undefined ? reason : `${reason} ${signsText(signs, node)}`.trim();
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
  const { situation, observation, agentState, desired, plan: planned, afterReload } = input;
  const isLate = isWriteLate(planned, observation, agentState);
  const plan = isLate && !planned.changed ? { ...planned, reason: lateReason(planned) } : planned;
  const running = observation.running ?? [];
  const drift = driftOf({
    desired: plan.desired,
    configured: plan.configured.before,
    running: observation.running ?? plan.configured.before,
    unmanaged: plan.unmanaged,
  });
  const shown = { ...drift, missing: [...drift.missing, ...namesOf(desired.unsupported)] };
  const restart = isRestartDue(plan, agentState, running) || isLate;
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
  const isChange = verdict.state === 'Working';
  const { before, after } = plan.configured;
  const lists = restart || observation.running === undefined ? [before, after] : [];
  const allows = isChange ? allowsThrough(decision.report.allows, situation, lists) : decision.report.allows;
  return {
    report: { ...decision.report, ...verdict.report, allows },
    change: isChange ? { plan, restart, desired } : undefined,
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
  { view, node, observation }: Situation,
  agentState: AgentState,
  state: State,
  reason: string,
  desired?: Desired,
  drift: Drift = unplannedDrift(observation, agentState, desired),
): Decision {
  const policyError = view.errors.length === 0 ? undefined : policyErrorText(view.errors);
  const kept = view.policy === undefined ? '' : ' The last valid policy stays in force.';
  return {
    report: {
      state,
      reason: policyError === undefined ? reason : `The ConfigMap is not valid.${kept} ${reason}`,
      reasonCode: isRollbackIncomplete(agentState, observation) ? ROLLBACK_INCOMPLETE : undefined,
      desired: desired?.allowances,
      profiles: agentState.profiles,
      running: observation.running,
      allows: allowsOf({ view, node, observation }, agentState, state),
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

function unplannedDrift(
  observation: Observation | Unobservable,
  { lastApplied }: AgentState,
  desired: Desired | undefined,
): Drift {
  if (observation.kind === 'unobservable') {
    return { missing: [], unmanaged: [], pendingRestart: [] };
  }
  const { unit, config, running } = observation;
  const wanted = desired === undefined ? [] : [...desired.allowances, ...namesOf(desired.unsupported)];
  return driftWithoutPlan({ unit, config, desired: wanted, lastApplied, running });
}

function namesOf(judged: Desired['unsupported']): readonly string[] {
  return judged.map(({ pattern }) => pattern);
}
