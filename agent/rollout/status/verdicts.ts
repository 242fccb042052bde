// What a decision says of each node.

import type { Canaries } from '../decision/canaries.ts';
import { countOf } from '../decision/many.ts';
import type { Candidate, DecisionContext } from '../decision/node-status.ts';
import type { NodeVerdict } from '../fleet.ts';
import { attentionOf } from './attention.ts';

export type VerdictsOf = (
  all: readonly Candidate[],
  members: readonly Candidate[],
  canaries: Canaries,
  terms: DecisionContext,
) => readonly NodeVerdict[];

/** Returns a function whose result depends on its arguments alone. It keeps the last result, and takes from it each verdict that is the same. */
export function createVerdicts(): VerdictsOf {
  let before: readonly NodeVerdict[] = [];

  return (all, members, canaries, terms) => {
    const wantsCurrentRevision = countOf(members, (member) => member.wantsCurrentRevision);
    const around = { ...terms, mostCaughtUp: wantsCurrentRevision * 2 >= members.length };
    before = all.map((member, at) => {
      const canary = canaries.isCanary(member);
      const attention = attentionOf(member, around);
      const last = before[at];
      return last !== undefined && isSame(last, member, canary, attention)
        ? last
        : verdictOf(member, canary, attention);
    });
    return before;
  };
}

function verdictOf(member: Candidate, canary: boolean, attention: string | undefined): NodeVerdict {
  const { standing, revision, unavailable } = member;
  return { name: member.node.name, standing, revision, canary, unavailable, attention };
}

function isSame(
  last: NodeVerdict,
  { node, standing, revision, unavailable }: Candidate,
  canary: boolean,
  attention: string | undefined,
): boolean {
  return (
    last.name === node.name &&
    last.standing === standing &&
    last.revision === revision &&
    last.canary === canary &&
    last.unavailable === unavailable &&
    last.attention === attention
  );
}
