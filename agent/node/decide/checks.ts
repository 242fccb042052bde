// The checks of a planned change, in order of precedence. The first that returns a verdict decides.

import { approvalMissing, idleReason } from './approval.ts';
import type { Context, Verdict } from './context.ts';
import { failurePause, withoutFailure } from './failure-backoff.ts';
import { blockReason, previewText } from './pod-guard.ts';
import { withOriginals } from '../state/original-file.ts';
import { EMPTY_STATE } from '../state/state-store.ts';
import { findObstacle } from './preflight.ts';
import { doneReason } from './reasons.ts';
import { crashRecovery, steadiness } from './steadiness.ts';

type Check = (context: Context) => Verdict | undefined;

const CHECKS: readonly Check[] = [
  paused,
  settled,
  failureBackoff,
  crashRecovery,
  preflight,
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
  return { state: 'Working', reason: context.plan.reason, asksPods: true };
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
  return { state: 'Observing', reason: `${why}. Would change: ${plan.reason}${ended}`, asksPods: true };
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
    reason: doneReason(desired, drift, plan.kept),
    agentState: isRestored
      ? EMPTY_STATE
      : withoutFailure({
          ...withOriginals(agentState, plan),
          lastApplied: plan.remember,
          appliedRevision: revision,
        }),
    report: {
      appliedRevision: revision,
      failedRevision: undefined,
      lastChange: isRestored ? undefined : agentState.lastChange,
      history: isRestored ? undefined : agentState.history,
    },
  };
}

function failureBackoff({ observation, desired, agentState, now }: Context): Verdict | undefined {
  const pause = failurePause(observation, { agentState, revision: desired.revision, now });
  return pause && { state: 'Degraded', ...pause };
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
    : { state: 'Blocked', reason: `${blocked} The change: ${plan.reason}`, asksPods: true };
}

function approval(context: Context): Verdict | undefined {
  const { node, coordinated, view, desired, plan } = context;
  const missing = approvalMissing({ node, waits: coordinated, policy: view.policy }, desired.revision);
  return missing === undefined
    ? undefined
    : { state: 'Pending', reason: `${missing}: ${plan.reason}`, asksPods: inUseOf(context) === 'Block' };
}

function inUseOf({ view }: Context): 'Block' | 'Proceed' {
  return view.policy?.settings.inUse ?? 'Block';
}
