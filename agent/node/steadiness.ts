// Whether a kubelet that runs with the right list may count as Done: one that crashes and comes back may not. Pure.

import { KEYS, type State } from '../report/keys.ts';
import type { Context, Verdict } from './context.ts';
import { unhealthyReason } from './reasons.ts';

/** How long a kubelet that had a failure must have run before the node is Done, in ms. */
export const STEADY_MS = 10_000;
const UNHEALTHY_RETRY_MS = 1000;
/** How long a kubelet may take to answer healthz after its start, in ms. */
const STARTS_WITHIN_MS = 60_000;

/**
 * Why a node whose file and arguments are right is not Done yet; undefined when it is. What the node says already stays while
 * the kubelet is watched, so that a crash loop is not reported at each of its starts.
 */
export function steadiness({ observation, node, memory, drift, now }: Context): Verdict | undefined {
  const { status, healthy, healthzNow, uptimeMs } = observation;
  const { [KEYS.state]: state, [KEYS.reason]: reason = '' } = node.annotations;
  const kept = isKept(state)
    ? {
        state,
        reason,
        ...(state !== 'Done' && { running: undefined, drift: { ...drift, pendingRestart: [] } }),
      }
    : undefined;
  const verdict = (why: string, retryMs: number, keepsReport = true): Verdict => ({
    state: 'Blocked',
    reason: why,
    retryAt: new Date(now.getTime() + retryMs),
    ...(keepsReport && kept && { report: kept }),
  });
  if (!healthy) {
    const isStarting = uptimeMs < STARTS_WITHIN_MS;
    return verdict(unhealthyReason(status.name, healthzNow), UNHEALTHY_RETRY_MS, isStarting);
  }
  const hadFailure =
    memory.failure !== undefined || status.restarts > 0 || state === 'Blocked' || state === 'Degraded';
  return hadFailure && uptimeMs < STEADY_MS
    ? verdict(restartedReason(status.name), STEADY_MS - uptimeMs)
    : undefined;
}

function isKept(state: string | undefined): state is State {
  return state === 'Done' || state === 'Blocked' || state === 'Degraded';
}

function restartedReason(name: string): string {
  return `systemd started ${name} again after a failure. The node is Done once the kubelet has run for ${STEADY_MS / 1000} s.`;
}
