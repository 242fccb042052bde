// Limits how often the agent starts the kubelet without a person's word: node-problem-detector counts five starts in 20 minutes as a sick
// node (config/systemd-monitor-counter.json). Pure.

import type { PastChange } from '../../report/past-change.ts';
import type { AgentState } from '../state/state-store.ts';
import { retriedSince } from './retry-request.ts';

/** The most starts in WITHIN_MS. */
const MOST_STARTS = 4;
const WITHIN_MS = 1_200_000;
const SECOND_MS = 1000;
/** The start of a change, and that of its rollback. */
const STARTS_OF_A_TRY = 2;

type KubeletStart = NonNullable<AgentState['starts']>[number];
/** One instant on both clocks: the wall clock may be set, the monotonic one begins with each boot. */
export interface Instant {
  readonly now: Date;
  readonly monotonicMs: number;
}

/** Returns the state with `count` more starts of the kubelet for this change. The last MOST_STARTS decide when the next may come. */
export function withStarts(
  agentState: AgentState,
  { revision, resourceVersion }: Pick<PastChange, 'revision' | 'resourceVersion'>,
  count: number,
  { now, monotonicMs }: Instant,
): AgentState {
  const start: KubeletStart = {
    at: now.toISOString(),
    monotonicMs: Math.round(monotonicMs),
    revision,
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  const added = Array.from({ length: count }, () => start);
  return count === 0
    ? agentState
    : { ...agentState, starts: [...(agentState.starts ?? []), ...added].slice(-MOST_STARTS) };
}

/**
 * Returns the state without the starts before a person's edit of the ConfigMap that changed this node's list: they count no more, also
 * when the next edit brings that list back. Another list by the same ConfigMap (a label), or the same list by another, is no such edit.
 */
export function withoutEditedStarts(
  agentState: AgentState,
  { revision, resourceVersion }: { readonly revision: string; readonly resourceVersion: string | undefined },
): AgentState {
  const { starts = [], ...others } = agentState;
  const edited = starts.findLastIndex(
    (start) => start.revision !== revision && start.resourceVersion !== resourceVersion,
  );
  return edited < 0 ? agentState : { ...others, starts: starts.slice(edited + 1) };
}

/**
 * Returns when the agent may begin a change that restarts the kubelet; undefined: at once. Starts before a retry request or of an
 * earlier boot do not count.
 */
export function startsAllowedAt(agentState: AgentState, { now, monotonicMs }: Instant): Date | undefined {
  const recent = (agentState.starts ?? [])
    .filter((start) => !retriedSince(agentState, start.at, now))
    .filter((start) => isOfThisBoot(start, { now, monotonicMs }))
    .filter((start) => monotonicMs - start.monotonicMs <= WITHIN_MS);
  const tooMany = recent.length + STARTS_OF_A_TRY - MOST_STARTS;
  const waitsFor = recent[tooMany - 1];
  return waitsFor && endOfWait(waitsFor, { now, monotonicMs });
}

/** The same instant at every call: a report that differs is written again. */
function endOfWait(start: KubeletStart, { now, monotonicMs }: Instant): Date {
  const atMs = Date.parse(start.at);
  const clockSetByMs = now.getTime() - atMs - (monotonicMs - start.monotonicMs);
  const setByMs = Math.abs(clockSetByMs) < SECOND_MS ? 0 : Math.ceil(clockSetByMs / SECOND_MS) * SECOND_MS;
  return new Date(atMs + setByMs + WITHIN_MS + SECOND_MS);
}

/** Returns when the next try comes, and why not earlier. */
export function limitText(at: Date): string {
  return (
    `Next try at ${at.toISOString()}: the agent starts a kubelet at most ${MOST_STARTS} times in ${WITHIN_MS / 60_000} minutes. ` +
    "An edit of the node's list or kubectl sysctls retry starts it at once."
  );
}

/** A clock that was set back makes a start one of the future; one of an earlier boot is older than this boot. */
function isOfThisBoot(start: KubeletStart, { now, monotonicMs }: Instant): boolean {
  return start.monotonicMs <= monotonicMs && now.getTime() - Date.parse(start.at) <= monotonicMs;
}
