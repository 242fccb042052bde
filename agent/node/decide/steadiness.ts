// Whether a kubelet with the right list counts as Done: a kubelet that crashes and restarts does not. Pure.

import type { Context, Verdict } from './context.ts';
import { BLOCKED_AFTER_MS } from './preflight.ts';
import { notRunningReason, unhealthyReason } from './reasons.ts';

/** How long a kubelet must run after a failure before the node is Done, in ms. */
export const STEADY_MS = 10_000;
const UNHEALTHY_RETRY_MS = 1000;
/** How long a kubelet may take to answer healthz after its start, in ms. */
const STARTS_WITHIN_MS = 60_000;

/**
 * Returns why a node with the right file and arguments is not Done yet; undefined when it is. The node's earlier report stays
 * while the kubelet is watched, so that a crash loop is not reported at each of its starts.
 */
export function steadiness(context: Context): Verdict | undefined {
  const { observation, shown, agentState, now } = context;
  const { status, healthy, unhealthyMs, healthzNow, uptimeMs } = observation;
  const { state } = shown;
  const hasCrashed = status.restarts > 0;
  const hadFailure =
    agentState.failure !== undefined || hasCrashed || state === 'Blocked' || state === 'Degraded';
  if (healthy && (!hadFailure || uptimeMs >= STEADY_MS)) {
    return undefined;
  }
  const retryMs = healthy ? STEADY_MS - uptimeMs : UNHEALTHY_RETRY_MS;
  const isBrief = !healthy && unhealthyMs < BLOCKED_AFTER_MS && !hasCrashed;
  const mayKeep = (healthy || isBrief || uptimeMs < STARTS_WITHIN_MS) && !(state === 'Done' && hasCrashed);
  const kept = mayKeep ? keptReport(context) : undefined;
  return {
    state: isBrief ? 'Pending' : 'Blocked',
    reason: healthy ? restartedReason(status.name) : unhealthyReason(status, healthzNow),
    retryAt: new Date(now.getTime() + retryMs),
    ...(kept && { report: kept }),
  };
}

/** How long a unit may be between two states without a process, in ms: a restart stops it first. */
const BETWEEN_STATES_MS = 2000;

/** Keeps the report of a node while another party stops or starts its kubelet; undefined when it is not, or takes too long for that. */
export function inTransition(context: Context): Verdict | undefined {
  const { observation, agentState, now } = context;
  const { status, unit, runs, stateMs, errorLine } = observation;
  const { activeState, subState } = status;
  const isStarting =
    (activeState === 'activating' && subState !== 'auto-restart') || activeState === 'deactivating';
  const mayLast = isStarting ? STARTS_WITHIN_MS : BETWEEN_STATES_MS;
  // systemd learns of the process's end in a moment.
  const isEnding = activeState === 'active' && subState === 'running';
  const isFailure = activeState === 'failed' || subState === 'auto-restart' || status.restarts > 0;
  if (runs || isFailure || (!isEnding && stateMs >= mayLast)) {
    return undefined;
  }
  const kept = keptReport(context);
  return (
    kept && {
      state: 'Blocked',
      reason: notRunningReason(status, unit, errorLine),
      retryAt: new Date(now.getTime() + UNHEALTHY_RETRY_MS),
      report: { ...kept, ...(kept.state === 'Done' && { running: agentState.started?.running }) },
    }
  );
}

/** Returns why a kubelet that has just crashed is not changed yet; undefined when it may be. */
export function crashRecovery(context: Context): Verdict | undefined {
  const { status, runs, uptimeMs } = context.observation;
  if (!runs || status.restarts === 0 || uptimeMs >= STEADY_MS) {
    return undefined;
  }
  const kept = keptReport(context);
  return {
    state: 'Blocked',
    reason: restartedReason(status.name),
    retryAt: new Date(context.now.getTime() + STEADY_MS - uptimeMs),
    ...(kept?.state !== 'Done' && kept && { report: kept }),
  };
}

/** The node's earlier report. Until the kubelet is steady it counts as not running. */
function keptReport({ shown: { state, reason }, drift }: Context): Verdict['report'] {
  if (state === 'Done') {
    return { state, reason };
  }
  return state === 'Blocked' || state === 'Degraded'
    ? { state, reason, running: undefined, drift: { ...drift, pendingRestart: [] } }
    : undefined;
}

function restartedReason(name: string): string {
  return `systemd restarted ${name} after a failure. The agent changes it or reports Done once it has run for ${STEADY_MS / 1000} s.`;
}
