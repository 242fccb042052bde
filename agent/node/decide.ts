// What to do on this node now, and what to tell of it: a pure function of what is seen and remembered.

import type { Drift } from '../plan/drift.ts';
import { driftOf, restartNeeded } from '../plan/drift.ts';
import { mayEndPods, type Restart } from '../plan/in-use.ts';
import type { Plan } from '../plan/plan.ts';
import { planChange } from '../plan/plan.ts';
import type { Desired } from '../policy/desired.ts';
import { desiredFor } from '../policy/desired.ts';
import type { NodeReport } from '../report/annotations.ts';
import { policyErrorText } from '../report/policy-error.ts';
import type { State } from '../report/keys.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { approvalMissing, pausedReason } from './approval.ts';
import { failedRevision, failurePause, withoutFailure } from './failure.ts';
import { objection, outlook, type PodsLook } from './guard.ts';
import { type Memory, NOTHING_REMEMBERED } from './memory.ts';
import type { Observation, Unobservable } from './observe.ts';
import type { PolicyView } from './policy-view.ts';
import type { NodeObject } from './ports.ts';
import { hindranceOf } from './preflight.ts';
import { doneReason, notRegularReason, refusalReason } from './reasons.ts';

export interface Situation {
  readonly view: PolicyView;
  readonly node: NodeObject;
  /** The agent was started to wait for a coordinator. */
  readonly coordinated: boolean;
  readonly look: Observation | Unobservable;
  readonly memory: Memory;
  readonly now: Date;
  /** Before this instant no change begins (jitter). */
  readonly notBefore: Date | undefined;
  /** The node's pods; undefined while nobody asked for them. */
  readonly pods: PodsLook | undefined;
}

export type Planned = Extract<Plan, { kind: 'planned' }>;

export interface Decision {
  readonly report: NodeReport;
  /** The change to carry out now. */
  readonly change:
    | { readonly plan: Planned; readonly restart: boolean; readonly desired: Desired }
    | undefined;
  /** What to remember when no change is carried out. */
  readonly memory: Memory;
  /** When to look again although nothing happens. */
  readonly retryAt: Date | undefined;
  /**
   * The restart about which the node's pods have a word. While they were not asked, nothing may be done: ask them and
   * decide again. One that takes nothing away is none of their business.
   */
  readonly guarded: Restart | undefined;
  /** The decision on the same plan when more is known; planning is what costs. */
  readonly revise: (more: Partial<Pick<Situation, 'pods' | 'notBefore'>>) => Decision;
}

export function decide(seen: Situation, planned = planChange): Decision {
  const { view, look } = seen;
  const situation: Considered = {
    ...seen,
    remembered: seen.memory,
    memory: { ...seen.memory, policy: view.data },
  };
  if (look.kind === 'unobservable') {
    const retryAt = look.retryMs === undefined ? undefined : after(situation.now, look.retryMs);
    return { ...tell(situation, look.state, look.reason), retryAt };
  }
  if (view.policy === undefined) {
    return tell(situation, 'Observing', 'No valid policy was seen yet: nothing is changed.');
  }
  const { settings } = view.policy;
  const { memory } = situation;
  const desired = desiredFor(view.policy, {
    labels: situation.node.labels,
    kubelet: look.kubelet,
    kernel: look.kernel,
  });
  const plan = planned({
    unit: look.unit,
    config: look.config,
    desired: desired.allowances,
    lastApplied: memory.lastApplied,
    unmanaged: settings.unmanaged,
    goal: settings.mode === 'Restore' ? 'Restore' : 'Apply',
    original: memory.original && {
      ...memory.original,
      bytes: memory.original.bytes === null ? undefined : Buffer.from(memory.original.bytes, 'base64'),
    },
    kubelet: look.kubelet,
  });
  switch (plan.kind) {
    case 'unreconcilable':
      return tell(situation, 'Unreconcilable', plan.reason, desired);
    case 'refused':
      return tell(situation, 'Degraded', refusalReason(plan), desired);
    case 'planned': {
      const irregular = look.irregular.find(({ path }) => path === plan.file);
      return irregular === undefined
        ? decidePlanned(situation, look, desired, plan)
        : tell(situation, 'Degraded', notRegularReason(irregular.message), desired);
    }
  }
}

/** With what is on the disk beside what is to be remembered. */
type Considered = Situation & { readonly remembered: Memory };

function decidePlanned(
  situation: Considered,
  observation: Observation,
  desired: Desired,
  plan: Planned,
): Decision {
  const { memory, view, now, notBefore } = situation;
  const running = observation.running ?? [];
  const drift = withUnsupported(
    driftOf({
      desired: plan.desired,
      configured: plan.configured.before,
      running: observation.running ?? plan.configured.before,
      unmanaged: plan.unmanaged,
    }),
    desired,
  );
  const stays = coverageOf(plan.configured.after);
  const removed = plan.configured.before.filter((item) => !stays(item));
  const restart =
    removed.some(coverageOf(running)) ||
    restartNeeded({
      desired: plan.desired,
      lastApplied: memory.lastApplied,
      configured: plan.configured.after,
      running,
    });
  const say = (state: State, reason: string, more: Partial<Decision> = {}): Decision => ({
    ...tell(situation, state, reason, desired, drift),
    revise: (known) => decidePlanned({ ...situation, ...known }, observation, desired, plan),
    ...more,
  });
  const settled = !plan.changed && !restart;
  const restarting: Restart = {
    running: observation.running,
    next: plan.configured.after,
    kubelet: observation.kubelet,
    kernel: observation.kernel,
  };
  const guarded = restart && mayEndPods(restarting) ? restarting : undefined;

  const idle = idleReason(situation);
  const inUse = view.policy?.settings.inUse ?? 'Block';
  if (idle !== undefined) {
    const pods = guarded && situation.pods ? outlook(situation.pods, guarded, inUse) : '';
    return say(
      'Observing',
      `${idle}. ${settled ? 'Nothing would be changed.' : `Would change: ${plan.reason}${pods}`}`,
      { guarded },
    );
  }
  if (settled && (observation.running !== undefined || plan.desired.length === 0)) {
    const restored = view.policy?.settings.mode === 'Restore';
    return say('Done', doneReason(desired, drift), {
      memory: restored
        ? NOTHING_REMEMBERED
        : withoutFailure({ ...memory, lastApplied: plan.remember, appliedRevision: desired.revision }),
      report: {
        ...tell(situation, 'Done', doneReason(desired, drift), desired, drift).report,
        appliedRevision: desired.revision,
        failedRevision: undefined,
        lastChange: restored ? undefined : memory.lastChange,
        history: restored ? undefined : memory.history,
      },
    });
  }
  const { revision } = desired;
  const pause = failurePause(observation, { memory, revision, now });
  if (pause !== undefined) {
    return say('Degraded', pause.reason, { retryAt: pause.retryAt });
  }
  const hindrance = hindranceOf(observation, plan, { memory, revision, now });
  if (hindrance !== undefined) {
    const { state, reason, retryAt, full } = hindrance;
    return say(state, reason, { retryAt, ...(full === true && { memory: situation.remembered }) });
  }
  if (notBefore !== undefined && notBefore > now) {
    return say('Pending', `Waits until ${notBefore.toISOString()} (jitter): ${plan.reason}`, {
      retryAt: notBefore,
    });
  }
  const blocks = inUse === 'Block';
  const held = blocks && guarded && situation.pods ? objection(situation.pods, guarded) : undefined;
  if (held !== undefined) {
    return say('Blocked', `${held} What waits: ${plan.reason}`, { guarded });
  }
  const missing = approvalMissing(
    { node: situation.node, waits: situation.coordinated, policy: view.policy },
    revision,
  );
  if (missing !== undefined) {
    return say('Pending', `${missing}: ${plan.reason}`, { guarded: blocks ? guarded : undefined });
  }
  return say('Working', plan.reason, { change: { plan, restart, desired }, guarded });
}

/** Why nothing is begun here, whatever there is to do. */
function idleReason({ node, view }: Situation): string | undefined {
  if (view.policy?.settings.paused === true) {
    return 'The policy is paused';
  }
  return (
    pausedReason(node) ?? (view.policy?.settings.mode === 'Observe' ? 'The policy only observes' : undefined)
  );
}

function tell(
  { view, look, memory }: Situation,
  state: State,
  reason: string,
  desired?: Desired,
  drift: Drift = { missing: [], unmanaged: [], pendingRestart: [] },
): Decision {
  const policyError = view.errors.length === 0 ? undefined : policyErrorText(view.errors);
  const kept = view.policy === undefined ? '' : ' The last valid policy stays in force.';
  const decision: Decision = {
    report: {
      state,
      reason: policyError === undefined ? reason : `The ConfigMap is not valid.${kept} ${reason}`,
      desired: desired?.allowances,
      running: look.kind === 'seen' ? look.running : undefined,
      drift,
      policyError,
      desiredRevision: desired?.revision,
      appliedRevision: memory.appliedRevision,
      failedRevision: failedRevision(memory, desired?.revision),
      lastChange: memory.lastChange,
      history: memory.history,
    },
    change: undefined,
    memory,
    retryAt: undefined,
    guarded: undefined,
    revise: () => decision,
  };
  return decision;
}

function withUnsupported(drift: Drift, desired: Desired): Drift {
  return { ...drift, missing: [...drift.missing, ...desired.unsupported.map(({ pattern }) => pattern)] };
}

function after(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
