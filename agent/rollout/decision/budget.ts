// Which eligible nodes are approved now: at most maxUnavailable at a time, control-plane nodes one at a time.

import { orderCandidates, type ZoneLoads } from './order.ts';
import type { Candidate } from './node-status.ts';

/**
 * Returns the nodes to approve now, in order. A node that is already unavailable uses no further slot, so the fix of a
 * broken node is never delayed. The caller passes `eligible` in the order of names.
 */
export function withinBudget(
  eligible: readonly Candidate[],
  members: readonly Candidate[],
  maxUnavailable: number,
  loads: ZoneLoads,
): readonly Candidate[] {
  const unavailable = members.filter((member) => member.unavailable);
  const busy = unavailable.filter(({ isControlPlane }) => isControlPlane);
  let slots = maxUnavailable - unavailable.length;
  let approvesControlPlane = false;
  // Most decisions of a large rollout find every place taken.
  if (slots <= 0 && !eligible.some((member) => member.unavailable)) {
    return [];
  }
  return orderCandidates(eligible, loads).filter((member) => {
    const isLeader = member.isControlPlane;
    const others = busy.length - (isLeader && member.unavailable ? 1 : 0);
    if (isLeader && (others > 0 || approvesControlPlane)) {
      return false;
    }
    if (!member.unavailable && slots <= 0) {
      return false;
    }
    slots -= member.unavailable ? 0 : 1;
    approvesControlPlane ||= isLeader;
    return true;
  });
}
