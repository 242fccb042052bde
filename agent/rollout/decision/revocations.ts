// Approvals that must not stay as they are.

import { MARKS } from '../../names.ts';
import type { Approval } from '../fleet.ts';
import type { Gate } from './gate.ts';
import { isFirstInLine, type Member, overdueAt } from './node-status.ts';

/**
 * What to write over approvals that must not be used now, or that could come back into force with another edit.
 * `approved`: those that get a new approval anyway.
 */
export function withdrawalsOf(
  members: readonly Member[],
  approved: ReadonlySet<Member>,
  gate: Gate,
  now: number,
): readonly Approval[] {
  return members
    .filter((member) => !approved.has(member))
    .flatMap((member) => {
      const replaced = replacementOf(member, gate, now);
      return replaced === undefined ? [] : [{ node: member.node.name, ...replaced }];
    });
}

/** undefined: it stays. */
function replacementOf(
  member: Member,
  gate: Gate,
  now: number,
): { readonly revision: string | undefined } | undefined {
  const { node, standing, live, caughtUp } = member;
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
  if (live && caughtUp) {
    const isForbidden = standing === 'held' || standing === 'lost' || !mayBegin(member, gate);
    if (isForbidden) {
      return { revision: undefined };
    }
    return overdueAt(member) <= now
      ? { revision: member.foreseen ? MARKS.unread : MARKS.unanswered }
      : undefined;
  }
  const isStale = live || isFirstInLine(node);
  return isStale && member.revision !== undefined && node.approvedRevision !== MARKS.unfinished
    ? { revision: MARKS.unfinished }
    : undefined;
}

function mayBegin({ node }: Member, gate: Gate): boolean {
  return gate.kind === 'open' || (gate.kind === 'closed' && node.joining);
}
