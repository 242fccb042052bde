// The checks of a planned change, in order of precedence. The first that returns a verdict decides.

import { approvalMissing, idleReason } from './approval.ts';
import type { Context, Verdict } from './context.ts';
import { failurePause, withoutFailure } from './failure-backoff.ts';
import { blockReason, misfitsText, previewText } from './pod-guard.ts';
import { withOriginals } from '../state/original-file.ts';
import { EMPTY_STATE } from '../state/state-store.ts';
import { reloadObstacle, reloadWarning } from './pending-reload.ts';
import { findObstacle } from './preflight.ts';
import { doneReason } from './reasons.ts';
import { flagWithdrawal, refusedFlag } from './refused-flag.ts';
import { otherWriterReason } from './revert-detection.ts';
import { limitText, startsAllowedAt } from './start-limit.ts';
import { crashRecovery, inTransition, steadiness } from './steadiness.ts';

/** When to observe a pending daemon-reload again if no watched file changes, in ms. */
const RELOAD_RETRY_MS = 10_000;

type Check = (context: Context) => Verdict | undefined;

const CHECKS: readonly Check[] = [
  paused,
  flagWithdrawal,
  inTransition,
  refusedFlag,
  settled,
  otherWriter,
  failureBackoff,
  crashRecovery,
  pendingReload,
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

function otherWriter(context: Context): Verdict | undefined {
  const reason = otherWriterReason(context);
  return reason === undefined ? undefined : { state: 'Degraded', reason };
}

function pendingReload({ observation, plan, afterReload, now }: Context): Verdict | undefined {
  const reason = reloadObstacle(observation, plan, afterReload);
  return reason === undefined
    ? undefined
    : { state: 'Blocked', reason, retryAt: new Date(now.getTime() + RELOAD_RETRY_MS) };
}

function settled(context: Context): Verdict | undefined {
  const { observation, plan, desired, drift, agentState, view, afterReload } = context;
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
    reason: [
      doneReason({ desired, drift, kept: plan.kept, last: agentState.history?.at(-1) }),
      reloadWarning(observation, afterReload) ?? [],
    ]
      .flat()
      .join(' '),
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

function failureBackoff(context: Context): Verdict | undefined {
  const { observation, desired, agentState, now } = context;
  const pause = failurePause(observation, { agentState, revision: desired.revision, now });
  const limit = pause && startLimit(context);
  return limit?.retryAt !== undefined && pause !== undefined && limit.retryAt > pause.retryAt
    ? limit
    : pause && { state: 'Degraded', ...pause };
}

function startLimit(context: Context): Verdict | undefined {
  const { restart, agentState, desired, plan } = context;
  const retryAt = restart ? startsAllowedAt(agentState, context) : undefined;
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

function preflight({ observation, plan, saved, now }: Context): Verdict | undefined {
  const obstacle = findObstacle(observation, plan, now);
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
