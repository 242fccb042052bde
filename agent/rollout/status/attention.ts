// Why a node needs a person's attention, and the mend.

import { PENDING_TAINT } from '../../names.ts';
import type { FleetNode } from '../fleet.ts';
import {
  failedAfterChange,
  isUnanswered,
  isUnread,
  type Candidate,
  type DecisionContext,
} from '../decision/node-status.ts';
import { failureText, since } from '../decision/failure-text.ts';

export interface Surroundings extends DecisionContext {
  /** Most agents have answered to the policy as it is. */
  readonly mostCaughtUp: boolean;
}

/** undefined: it needs none. */
export function attentionOf(member: Candidate, around: Surroundings): string | undefined {
  const { node, standing } = member;
  switch (standing) {
    case 'failed':
      return `${failureText(member, around)} ${failureMend(member, around)}`;
    case 'held':
      return heldText(node);
    case 'lost':
      return lostText(member, around);
    case 'waiting':
      return waitingText(member, around);
    case 'done':
    case 'changing':
      return undefined;
  }
}

function failureMend({ node }: Candidate, terms: DecisionContext): string {
  return failedAfterChange(node, terms)
    ? `Look at it on the node: journalctl -u kubelet. If the node is gone for good: kubectl delete node ${node.name}`
    : `It tries again by itself; when the cause is mended, at once with: kubectl sysctls retry ${node.name}`;
}

function heldText(node: FleetNode): string {
  if (node.paused) {
    return `It is paused by a person, and keeps what it has. To let it go on: kubectl sysctls resume ${node.name}`;
  }
  return `${node.state}: ${node.reason}`;
}

function lostText(member: Candidate, { now }: DecisionContext): string {
  const { node, revision } = member;
  if (node.state === undefined) {
    return `No agent has reported on it. Look whether a pod of the DaemonSet runs there, or why it does not: ${agentCommand(node)}`;
  }
  if (revision === undefined) {
    return 'Its status does not tell the version of its kubelet. Look at the node: has its kubelet ever run?';
  }
  if (isUnread(member)) {
    return `Its change was approved, and nothing is heard of its agent; it goes on when it is. Look at it: ${agentCommand(node)}`;
  }
  if (isUnanswered(node, now)) {
    return `Its change was approved and did not begin; others go first. Look at its agent: ${agentCommand(node)}`;
  }
  if (node.readiness === undefined) {
    return 'It does not tell whether it is Ready. Look at its kubelet.';
  }
  return `It is not Ready since ${since(node)}, and holds nobody up; it is changed when it is back. If it is gone for good: kubectl delete node ${node.name}`;
}

function waitingText(
  { node, wantsCurrentRevision }: Candidate,
  { mostCaughtUp }: Surroundings,
): string | undefined {
  if (node.joining) {
    return node.state === 'Observing' || node.state === undefined
      ? `It waits with the taint ${PENDING_TAINT.key}, and its agent does not change it${node.state === undefined ? ' (it has not reported yet)' : `: ${node.reason}`}. ` +
          `To let pods onto it as it is: kubectl taint node ${node.name} ${PENDING_TAINT.key}-`
      : undefined;
  }
  return mostCaughtUp && !wantsCurrentRevision
    ? `Its agent has not answered to the ConfigMap as it is now. Look at it: ${agentCommand(node)}`
    : undefined;
}

function agentCommand({ name }: FleetNode): string {
  return `kubectl -n kubelet-sysctl-agent get pods -o wide --field-selector spec.nodeName=${name}`;
}
