// How many of those that may go do go: no more than maxUnavailable at a time, control-plane nodes one at a time.

import { isControlPlane } from './control-plane.ts';
import { orderCandidates, type ZoneLoads } from './order.ts';
import type { Candidate } from './node-status.ts';

/**
 * Those that are approved now, in the order of their turn. A node that is unavailable anyway takes no further place,
 * so the mend of a broken node always passes. `eligible` are in the order of names.
 */
export function withinBudget(
  eligible: readonly Candidate[],
  members: readonly Candidate[],
  maxUnavailable: number,
  loads: ZoneLoads,
): readonly Candidate[] {
  const unavailable = members.filter((member) => member.unavailable);
  const busy = unavailable.filter(({ node }) => isControlPlane(node));
  let places = maxUnavailable - unavailable.length;
  let controlPlaneGoes = false;
  return orderCandidates(eligible, loads).filter((member) => {
    const isLeader = isControlPlane(member.node);
    const others = busy.length - (isLeader && member.unavailable ? 1 : 0);
    if (isLeader && (others > 0 || controlPlaneGoes)) {
      return false;
    }
    if (!member.unavailable && places <= 0) {
      return false;
    }
    places -= member.unavailable ? 0 : 1;
    controlPlaneGoes ||= isLeader;
    return true;
  });
}
