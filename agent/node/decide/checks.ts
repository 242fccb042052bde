// The checks of a planned change, in order of precedence. The first that returns a verdict decides.

import { approvalMissing, pausedReason } from './approval.ts';
import type { Context, Verdict } from './context.ts';
import { failurePause, withoutFailure } from './failure-backoff.ts';
import { blockReason, misfitsText, previewText } from './pod-guard.ts';
import { EMPTY_STATE } from '../state/state-store.ts';
import { findObstacle } from './preflight.ts';
import { doneReason } from './reasons.ts';
import { refusedFlag } from './refused-flag.ts';
import { limitText, startsAllowedAt } from './start-limit.ts';
import { crashRecovery, steadiness } from './steadiness.ts';

type Check = (context: Context) => Verdict | undefined;

const CHECKS: readonly Check[] = [
  paused,
  refusedFlag,
  settled,
  failureBackoff,
  crashRecovery,
  preflight,
  startLimit,
  jitter,
  podsInUse,
  approval,
];

/** Returns the verdict of the first check that has one, else Working: make the change. */
export function checkPlanned(context: Context): Verdict {
  for (const check of CHECKS) {
    const verdict = check(context);
    if (verdict !== undefined) {
      return verdict;
    }
  }
  const reason = `${context.plan.reason}${misfitsText(context.pods, context.node)}`;
  return { state: 'Working', reason, asksPods: true };
}

function isSettled({ plan, restart }: Context): boolean {
  return !plan.changed && !restart;
}

function paused(context: Context): Verdict | undefined {
  const { plan, guarded, pods } = context;
  const why = idleReason(context);
  if (why === undefined) {
    return undefined;
  }
  if (isSettled(context)) {
    return { state: 'Observing', reason: `${why}. Nothing would be changed.` };
  }
  const ended = guarded && pods ? previewText(pods, guarded, inUseOf(context)) : '';
  const misfits = misfitsText(pods, context.node);
  return {
    state: 'Observing',
    reason: `${why}. Would change: ${plan.reason}${ended}${misfits}`,
    asksPods: true,
  };
}

/** Returns why the agent begins no change on this node; undefined when it may. */
function idleReason({ node, view }: Context): string | undefined {
  if (view.policy?.settings.paused === true) {
    return 'The policy is paused';
  }
  return (
    pausedReason(node) ?? (view.policy?.settings.mode === 'Observe' ? 'The policy only observes' : undefined)
  );
}

function settled(context: Context): Verdict | undefined {
  const { observation, plan, desired, drift, agentState, view } = context;
  if (!isSettled(context) || (observation.running === undefined && plan.desired.length > 0)) {
    return undefined;
  }
  const waits = plan.desired.length === 0 ? undefined : steadiness(context);
  if (waits !== undefined) {
    return waits;
  }
  const isRestored = view.policy?.settings.mode === 'Restore';
  const { revision } = desired;
  return {
    state: 'Done',
    reason: doneReason(desired, drift, agentState.history?.at(-1)),
    agentState: isRestored
      ? EMPTY_STATE
      : withoutFailure({ ...agentState, lastApplied: plan.remember, appliedRevision: revision }),
    report: {
      appliedRevision: revision,
      failedRevision: undefined,
      lastChange: isRestored ? undefined : agentState.lastChange,
      history: isRestored ? undefined : agentState.history,
    },
  };
}

function failureBackoff(context: Context): Verdict | undefined {
  const { observation, desired, agentState, now } = context;
  const pause = failurePause(observation, { agentState, revision: desired.revision, now });
  const limit = pause && startLimit(context);
  return limit?.retryAt !== undefined && pause !== undefined && limit.retryAt > pause.retryAt
    ? limit
    : pause && { state: 'Degraded', ...pause };
}

function startLimit({
  restart,
  agentState,
  desired,
  resourceVersion,
  now,
  monotonicMs,
  plan,
}: Context): Verdict | undefined {
  const change = { revision: desired.revision, ...(resourceVersion !== undefined && { resourceVersion }) };
  const retryAt = restart ? startsAllowedAt(agentState, change, { now, monotonicMs }) : undefined;
  if (retryAt === undefined) {
    return undefined;
  }
  const { failure } = agentState;
  const hasFailed = failure?.revision === desired.revision;
  return {
    state: hasFailed ? 'Degraded' : 'Blocked',
    reason: `${hasFailed ? failure.message : `The change waits: ${plan.reason}`} ${limitText(retryAt)}`,
    retryAt,
  };
}

function preflight({ observation, plan, desired, agentState, saved, now }: Context): Verdict | undefined {
  const obstacle = findObstacle(observation, plan, { agentState, revision: desired.revision, now });
  if (obstacle === undefined) {
    return undefined;
  }
  const { state, reason, retryAt, full } = obstacle;
  return { state, reason, retryAt, ...(full === true && { agentState: saved }) };
}

function jitter({ notBefore, now, plan }: Context): Verdict | undefined {
  return notBefore === undefined || notBefore <= now
    ? undefined
    : {
        state: 'Pending',
        reason: `Waits until ${notBefore.toISOString()} (jitter): ${plan.reason}`,
        retryAt: notBefore,
      };
}

function podsInUse(context: Context): Verdict | undefined {
  const { guarded, pods, plan } = context;
  if (guarded === undefined || pods === undefined || inUseOf(context) === 'Proceed') {
    return undefined;
  }
  const blocked = blockReason(pods, guarded);
  return blocked === undefined
    ? undefined
    : {
        state: 'Blocked',
        reason: `${blocked}${misfitsText(pods, context.node)} The change: ${plan.reason}`,
        asksPods: true,
      };
}

function approval(context: Context): Verdict | undefined {
  const { node, coordinated, view, desired, plan } = context;
  const missing = approvalMissing({ node, waits: coordinated, policy: view.policy }, desired.revision);
  return missing === undefined
    ? undefined
    : {
        state: 'Pending',
        reason: `${missing}: ${plan.reason}${misfitsText(context.pods, node)}`,
        asksPods: inUseOf(context) === 'Block',
      };
}

function inUseOf({ view }: Context): 'Block' | 'Proceed' {
  return view.policy?.settings.inUse ?? 'Block';
}
