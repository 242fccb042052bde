// Approvals that must be revoked or replaced by a marker.

import { APPROVAL_MARKERS } from '../../names.ts';
import type { Approval } from '../fleet.ts';
import type { Gate } from './gate.ts';
import { isFirstInLine, type Candidate, overdueAt } from './node-status.ts';

/**
 * Returns what to write over approvals that must not be used now, or that another edit could make valid again.
 * `approved`: nodes that get a new approval in this decision, so theirs need no revocation.
 */
export function withdrawalsOf(
  members: readonly Candidate[],
  approved: ReadonlySet<Candidate>,
  gate: Gate,
  now: number,
): readonly Approval[] {
  const withdrawals: Approval[] = [];
  for (const member of members) {
    const replaced = approved.has(member) ? undefined : replacementOf(member, gate, now);
    if (replaced !== undefined) withdrawals.push({ node: member.node.name, ...replaced });
  }
  return withdrawals;
}

/** undefined: the approval stays. */
function replacementOf(
  member: Candidate,
  gate: Gate,
  now: number,
): { readonly revision: string | undefined } | undefined {
  const { node, standing, approvalActive, wantsCurrentRevision } = member;
  if (node.approvedRevision === undefined || node.state === 'Working' || standing === 'failed') {
    return undefined;
  }
  if (standing === 'done') {
    const isOld = node.approvedRevision !== node.appliedRevision;
    return isOld ? { revision: undefined } : undefined;
  }
  if (gate.kind === 'immediate') {
    return undefined;
  }
  if (approvalActive && wantsCurrentRevision) {
    const isForbidden = standing === 'held' || standing === 'lost' || !mayBegin(member, gate);
    if (isForbidden) {
      return { revision: undefined };
    }
    return overdueAt(member) <= now
      ? { revision: member.predicted ? APPROVAL_MARKERS.unread : APPROVAL_MARKERS.unanswered }
      : undefined;
  }
  const isStale = approvalActive || isFirstInLine(node);
  return isStale && member.revision !== undefined && node.approvedRevision !== APPROVAL_MARKERS.unfinished
    ? { revision: APPROVAL_MARKERS.unfinished }
    : undefined;
}

function mayBegin({ node }: Candidate, gate: Gate): boolean {
  return gate.kind === 'open' || (gate.kind === 'closed' && node.joining);
}
