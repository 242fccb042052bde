// The failure of a node in words for people.

import type { FleetNode } from '../fleet.ts';
import { failedAfterChange, type Candidate, type DecisionContext } from './node-status.ts';
import { timeText } from './text.ts';

/** Returns a sentence about a failed node: its failed change, or that it became not Ready. */
export function failureText({ node, revision = '' }: Candidate, terms: DecisionContext): string {
  if (!failedAfterChange(node, terms)) {
    const again = node.state === 'Working' ? ', and its agent is retrying now' : '';
    return `Its change to revision ${revision} failed${again}: ${node.reason}`;
  }
  const when = node.state === 'Working' ? 'in the middle of its change' : 'shortly after its change';
  return `It became not Ready ${when} to revision ${revision}, at ${since(node)}, and is still not Ready.`;
}

export function since({ readiness }: FleetNode): string {
  return readiness === undefined ? 'an unknown time' : timeText(readiness.since);
}
