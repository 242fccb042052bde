// Whether the coordinator's approval and the Node's annotations allow a change to begin. Pure.

import type { Policy } from '../../policy/policy.ts';
import type { PolicyView } from '../../policy/policy-view.ts';
import { INPUT_KEYS, APPROVAL_MARKERS } from '../../names.ts';
import type { NodeObject } from '../ports.ts';

export interface ApprovalRequest {
  readonly node: Pick<NodeObject, 'annotations'>;
  /** The agent was started to wait for a coordinator. */
  readonly waits: boolean;
  readonly policy: Policy | undefined;
}

/** Whether changes of this node wait for the coordinator's approval. */
export function needsApproval({ waits, policy }: Pick<ApprovalRequest, 'waits' | 'policy'>): boolean {
  return waits && policy?.settings.pace.rollout === 'Coordinated';
}

/** Returns why a change to `revision` must wait for the coordinator, as the beginning of a reason; undefined: it may begin. */
export function approvalMissing(request: ApprovalRequest, revision: string): string | undefined {
  const approved = request.node.annotations[INPUT_KEYS.approvedRevision];
  if (!needsApproval(request) || approved === revision) {
    return undefined;
  }
  return `Waits for the coordinator's approval of revision ${revision}${insteadText(approved)}`;
}

function insteadText(approved: string | undefined): string {
  switch (approved) {
    case undefined:
      return '';
    case APPROVAL_MARKERS.unanswered:
      return ' (the last one was revoked, because this node did not begin in time; the coordinator approves again within the hour)';
    case APPROVAL_MARKERS.unread:
      return ' (the last one was revoked, because this agent did not respond)';
    case APPROVAL_MARKERS.unfinished:
      return ' (the last one was for a list that an edit has replaced)';
    default:
      return ` (its approval of ${approved} is for another revision and is ignored)`;
  }
}

/** Returns that this node is paused by its annotation, and how to resume; undefined when it is not. */
export function pausedReason({
  name,
  annotations,
}: Pick<NodeObject, 'name' | 'annotations'>): string | undefined {
  return annotations[INPUT_KEYS.paused] === 'true'
    ? `This node is paused (kubectl annotate node ${name} ${INPUT_KEYS.paused}- ends that)`
    : undefined;
}

interface Idleness {
  readonly node: Pick<NodeObject, 'name' | 'annotations'>;
  readonly view: Pick<PolicyView, 'policy'>;
}

/** Returns why the agent begins no change on this node; undefined when it may. */
export function idleReason({ node, view }: Idleness): string | undefined {
  if (view.policy?.settings.paused === true) {
    return 'The policy is paused';
  }
  return (
    pausedReason(node) ?? (view.policy?.settings.mode === 'Observe' ? 'The policy only observes' : undefined)
  );
}

/** True when there is a policy, and neither it nor the node's annotation keeps the agent from changing the node. */
export function mayChange(idleness: Idleness): boolean {
  return idleness.view.policy !== undefined && idleReason(idleness) === undefined;
}
