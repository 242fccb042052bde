// Why a node needs attention, and the next step for people.

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
  /** At least half of the agents have reported on the current policy. */
  readonly mostCaughtUp: boolean;
}

/** Returns the problem and the next step; undefined: the node needs no attention. */
export function attentionOf(member: Candidate, around: Surroundings): string | undefined {
  const { node, standing } = member;
  switch (standing) {
    case 'failed':
      return `${failureText(member, around)} ${failureFix(member, around)}`;
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

function failureFix({ node }: Candidate, terms: DecisionContext): string {
  return failedAfterChange(node, terms)
    ? `Check its kubelet on the node: journalctl -u kubelet. If the node is gone for good: kubectl delete node ${node.name}`
    : `Its agent retries later. When the cause is fixed, retry now: kubectl sysctls retry ${node.name}`;
}

function heldText(node: FleetNode): string {
  if (node.hostService === true) {
    return "The host's own service manages its kubelet, by the policy on its disk. The state is on the node: systemctl status kubelet-sysctl-agent.service";
  }
  if (node.paused) {
    return `A person paused it. It keeps its list. To resume: kubectl sysctls resume ${node.name}`;
  }
  return `${node.state}: ${node.reason}`;
}

function lostText(member: Candidate, { now }: DecisionContext): string {
  const { node, revision } = member;
  if (node.state === undefined) {
    return `No agent has reported on it. Check whether a pod of the DaemonSet runs there: ${agentCommand(node)}`;
  }
  if (revision === undefined) {
    return 'Its status does not contain the version of its kubelet. Check whether its kubelet has ever run.';
  }
  if (isUnread(member)) {
    return `Approved, but the agent does not respond. Check its pod: ${agentCommand(node)}`;
  }
  if (isUnanswered(node, now)) {
    return `Approved, but the change did not begin. Other nodes go first. Check its agent: ${agentCommand(node)}`;
  }
  if (node.readiness === undefined) {
    return 'It does not report whether it is Ready. Check its kubelet.';
  }
  return `NotReady since ${since(node)}; skipped until it returns. If it is gone for good: kubectl delete node ${node.name}`;
}

function waitingText(
  { node, wantsCurrentRevision }: Candidate,
  { mostCaughtUp }: Surroundings,
): string | undefined {
  if (node.joining) {
    return node.state === 'Observing' || node.state === undefined
      ? `It keeps the taint ${PENDING_TAINT.key}, because its agent does not change it${node.state === undefined ? ' (it has not reported yet)' : `: ${node.reason}`}. ` +
          `To let pods run on it without a change: kubectl taint node ${node.name} ${PENDING_TAINT.key}-`
      : undefined;
  }
  return mostCaughtUp && !wantsCurrentRevision
    ? `Its agent has not reported on the current ConfigMap. Check its pod: ${agentCommand(node)}`
    : undefined;
}

function agentCommand({ name }: FleetNode): string {
  return `kubectl -n kubelet-sysctl-agent get pods -o wide --field-selector spec.nodeName=${name}`;
}
