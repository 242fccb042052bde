// When the decision changes without any event.

import type { Canaries } from './canaries.ts';
import {
  ASK_AGAIN_AFTER_MS,
  isLongNotReady,
  isUnanswered,
  isUnapprovedFailure,
  LOST_AFTER_MS,
  type Candidate,
  overdueAt,
} from './node-status.ts';
import type { WindowsState } from '../windows/windows.ts';

interface Instants {
  readonly now: number;
  /** Until when approvals wait for the agents' reports, in ms; undefined: no wait. */
  readonly answersBy: number | undefined;
}

/** Returns the first such instant after `now` (ms): a soak or a timeout ends, a window opens or closes; undefined: none. */
export function nextWakeup(
  members: readonly Candidate[],
  canaries: Canaries,
  windows: WindowsState,
  { now, answersBy = Infinity }: Instants,
): Date | undefined {
  const mayMove = members.some(
    (member) =>
      member.standing === 'waiting' || member.standing === 'changing' || isUnapprovedFailure(member),
  );
  let first = Math.min(answersBy, mayMove ? (windows.changesAt?.getTime() ?? Infinity) : Infinity);
  for (const at of canaries.soaks) {
    first = Math.min(first, at);
  }
  for (const member of members) {
    first = Math.min(first, timeoutAt(member, now));
  }
  return first > now && Number.isFinite(first) ? new Date(first) : undefined;
}

function timeoutAt(member: Candidate, now: number): number {
  const { node } = member;
  const isBriefly = node.readiness?.ready === false && !isLongNotReady(node, now);
  const lost = isBriefly ? node.readiness.since.getTime() + LOST_AFTER_MS : Infinity;
  const overdue = overdueAt(member);
  const retryAt =
    node.approvedAt !== undefined && isUnanswered(node, now)
      ? node.approvedAt.getTime() + ASK_AGAIN_AFTER_MS
      : Infinity;
  return Math.min(lost, overdue > now ? overdue : Infinity, retryAt);
}
