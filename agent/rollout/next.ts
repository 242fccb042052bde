// When time alone changes the decision.

import type { Canaries } from './canaries.ts';
import {
  ASK_AGAIN_AFTER_MS,
  isDark,
  isUnanswered,
  LOST_AFTER_MS,
  type Member,
  UNANSWERED_AFTER_MS,
} from './standing.ts';
import type { WindowsState } from './windows.ts';

/** The first such instant after `now` (ms): a soak or a patience that ends, a window that opens or closes. */
export function nextAt(
  members: readonly Member[],
  canaries: Canaries,
  windows: WindowsState,
  now: number,
): Date | undefined {
  const mayMove = members.some(({ standing }) => standing === 'waiting' || standing === 'changing');
  let first = mayMove ? (windows.changesAt?.getTime() ?? Infinity) : Infinity;
  for (const at of canaries.soaks) {
    first = Math.min(first, at);
  }
  for (const member of members) {
    first = Math.min(first, patienceEnds(member, now));
  }
  return first > now && Number.isFinite(first) ? new Date(first) : undefined;
}

function patienceEnds({ node, live, standing }: Member, now: number): number {
  const lost =
    node.readiness?.ready === false && !isDark(node, now)
      ? node.readiness.since.getTime() + LOST_AFTER_MS
      : Infinity;
  if (node.joining || node.approvedAt === undefined) {
    return lost;
  }
  const approvedAt = node.approvedAt.getTime();
  if (live && standing === 'changing' && node.state === 'Pending') {
    const overdue = approvedAt + UNANSWERED_AFTER_MS;
    return Math.min(lost, overdue > now ? overdue : Infinity);
  }
  return isUnanswered(node, now) ? Math.min(lost, approvedAt + ASK_AGAIN_AFTER_MS) : lost;
}
