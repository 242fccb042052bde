// The nodes of a rollout, classified. Between two decisions few nodes differ, and of a large fleet new objects for all of them would
// take longer to collect than to make.

import type { Policy } from '../../policy/policy.ts';
import type { FleetNode } from '../fleet.ts';
import { byName, only } from './many.ts';
import { type Candidate, type DecisionContext, isTimed, memberOf } from './node-status.ts';
import { revisionsFor } from './revisions.ts';

/** Nodes on which an agent runs or should run, in the order of names. `terms` other than the time depend on the policy alone. */
export type MembersOf = (
  nodes: readonly FleetNode[],
  policy: Policy | undefined,
  terms: DecisionContext,
) => readonly Candidate[];

/**
 * Returns a function whose result depends on its arguments alone. It keeps the last result, and takes from it what it holds of a Node
 * that is the same object (apply/node-store.ts), unless the policy is another or the time matters.
 */
export function createMembers(): MembersOf {
  let before: readonly Candidate[] = [];
  let known:
    | { readonly policy: Policy | undefined; readonly revisionOf: (node: FleetNode) => string | undefined }
    | undefined;

  return (nodes, policy, terms) => {
    if (known === undefined || known.policy !== policy) {
      known = { policy, revisionOf: policy === undefined ? wantedBy : revisionsFor(policy) };
      before = [];
    }
    const { revisionOf } = known;
    let at = 0;
    before = byName(only(nodes, mayHaveAgent)).map((node) => {
      let last = before[at];
      while (last !== undefined && last.reported.name < node.name) last = before[(at += 1)];
      return last?.reported === node && !isTimed(node) ? last : memberOf(node, revisionOf(node), terms);
    });
    return before;
  };
}

function wantedBy({ desiredRevision }: Pick<FleetNode, 'desiredRevision'>): string | undefined {
  return desiredRevision;
}

function mayHaveAgent({ state, labels }: FleetNode): boolean {
  return state !== undefined || (labels['kubernetes.io/os'] ?? 'linux') === 'linux';
}
