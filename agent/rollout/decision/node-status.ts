// The status of one node in the rollout, and whether it counts against maxUnavailable.

import { isRevision, APPROVAL_MARKERS } from '../../names.ts';
import type { FleetNode, RolloutStatus } from '../fleet.ts';
import { isControlPlane } from './control-plane.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';
const MINUTE_MS = 60_000;
/** A node that is not Ready for this long is lost: other nodes do not wait for it. */
export const LOST_AFTER_MS = 10 * MINUTE_MS;
/** Timeout from an approval to the begin of the change. */
const UNANSWERED_AFTER_MS = 10 * MINUTE_MS;
/** The same for a predicted node: its agent may be dead. */
const UNREAD_AFTER_MS = 2 * MINUTE_MS;
/** How long after the marker `unanswered` the node may be approved again. */
export const ASK_AGAIN_AFTER_MS = 60 * MINUTE_MS;

/** The longest plausible time from an approval to the end of its change. */
const LONGEST_CHANGE_MS = 30 * MINUTE_MS;

export interface Candidate {
  readonly reported: FleetNode;
  /** Node as reported, or as predicted from the policy. */
  readonly node: FleetNode;
  /** The policy's revision for this node. */
  readonly revision: string | undefined;
  readonly standing: RolloutStatus;
  /** Counts against maxUnavailable. */
  readonly unavailable: boolean;
  /** Its approval is valid and unused: the agent may begin at any time. */
  readonly approvalActive: boolean;
  /** desiredRevision equals the policy's revision (reported or predicted). */
  readonly wantsCurrentRevision: boolean;
  /** `node` is predicted, not reported. */
  readonly predicted: boolean;
  /** Control-plane nodes are changed one at a time. */
  readonly isControlPlane: boolean;
  /** Empty: its Node names none. */
  readonly zone: string;
  /** When its soak ends, in ms since the epoch; undefined unless it is done and Ready. */
  readonly soakedAt: number | undefined;
}

export interface DecisionContext {
  /** Ms since the epoch. */
  readonly now: number;
  readonly soakMs: number;
  /** Agents wait for approvals (rollout: Coordinated). */
  readonly coordinated: boolean;
}

/** Classifies a node as its agent reported it; `revision` is the policy's for this node. */
export function memberOf(
  reported: FleetNode,
  revision: string | undefined,
  terms: DecisionContext,
): Candidate {
  const approvalActive = terms.coordinated && isActive(reported);
  const predicted = terms.coordinated && isPredicted(reported, revision);
  const node: FleetNode = predicted ? { ...reported, state: 'Pending', desiredRevision: revision } : reported;
  const wantsCurrentRevision = revision !== undefined && node.desiredRevision === revision;
  const standing = standingOf(node, { revision, wantsCurrentRevision, predicted, approvalActive }, terms);
  return {
    reported,
    node,
    revision,
    standing,
    approvalActive,
    wantsCurrentRevision,
    predicted,
    isControlPlane: isControlPlane(reported),
    zone: reported.labels[ZONE_LABEL] ?? '',
    unavailable: isSelected(node) && isUnavailable(node, standing, approvalActive, terms.now),
    soakedAt: standing === 'done' && isReady(node) ? soakedAt(node, terms) : undefined,
  };
}

/** True when what `memberOf` returns for the node may change with the time alone. */
export function isTimed({ readiness, approvedRevision }: FleetNode): boolean {
  return readiness?.ready === false || approvedRevision === APPROVAL_MARKERS.unanswered;
}

/** True for a node that percentages count: an agent has reported on it and it is not joining. */
export function isSelected(node: FleetNode): boolean {
  return node.state !== undefined && !node.joining && node.hostService !== true;
}

/** True when the node is not Ready for LOST_AFTER_MS or has no condition Ready. `now` in ms since the epoch. */
export function isLongNotReady({ readiness }: FleetNode, now: number): boolean {
  return readiness === undefined || (!readiness.ready && now - readiness.since.getTime() >= LOST_AFTER_MS);
}

/** True when the node became not Ready, and stayed so for LOST_AFTER_MS, during its change or its soak. */
export function failedAfterChange(node: FleetNode, terms: DecisionContext): boolean {
  if (!isLongNotReady(node, terms.now) || node.readiness === undefined) {
    return false;
  }
  if (node.state === 'Working') {
    return true;
  }
  const since = node.readiness.since.getTime();
  const began = (whenApproved(node) ?? node.lastChange)?.getTime() ?? Infinity;
  return node.appliedRevision === node.desiredRevision && began <= since && since < soakedAt(node, terms);
}

/** True when the approved change did not begin, and the node may not be approved again yet. */
export function isUnanswered(node: FleetNode, now: number): boolean {
  const { approvedRevision, approvedAt } = node;
  return (
    approvedRevision === APPROVAL_MARKERS.unanswered &&
    (approvedAt === undefined || now - approvedAt.getTime() < ASK_AGAIN_AFTER_MS)
  );
}

/** When its unused approval times out, in ms since the epoch; Infinity: never. */
export function overdueAt({ node, approvalActive, wantsCurrentRevision, predicted }: Candidate): number {
  const mayWait = node.joining || node.state === 'Working' || node.approvedAt === undefined;
  const timeoutMs = predicted ? UNREAD_AFTER_MS : UNANSWERED_AFTER_MS;
  return approvalActive && wantsCurrentRevision && !mayWait
    ? node.approvedAt.getTime() + timeoutMs
    : Infinity;
}

/** True when its agent has not reported since an approval on a prediction timed out. */
export function isUnread({ node, predicted }: Pick<Candidate, 'node' | 'predicted'>): boolean {
  return predicted && node.approvedRevision === APPROVAL_MARKERS.unread;
}

/**
 * True for a node that failed with the policy's revision and has no approval of it, as it was paused meanwhile or changed without a
 * coordinator: its retry, also a person's, would wait for one. It counts as unavailable already.
 */
export function isUnapprovedFailure({
  node,
  standing,
  revision,
}: Pick<Candidate, 'node' | 'standing' | 'revision'>): boolean {
  return standing === 'failed' && node.failedRevision === revision && node.approvedRevision !== revision;
}

/** True when an older revision was approved here and its change did not succeed. */
export function isFirstInLine({ approvedRevision, appliedRevision, desiredRevision }: FleetNode): boolean {
  return (
    (isRevision(approvedRevision) || approvedRevision === APPROVAL_MARKERS.unfinished) &&
    approvedRevision !== appliedRevision &&
    approvedRevision !== desiredRevision
  );
}

// An agent that is Done may have read an edit and begin without a report.
function isActive({ state, approvedRevision, desiredRevision, appliedRevision }: FleetNode): boolean {
  if (!isRevision(approvedRevision)) {
    return false;
  }
  return approvedRevision === desiredRevision
    ? state === 'Pending' || appliedRevision !== desiredRevision
    : state === 'Done' && approvedRevision !== appliedRevision;
}

/**
 * The agent of a node that is Done delays its report that it wants another list (node/report/pending-delay.ts), so the
 * coordinator predicts it. Not while an older approval may still be used: that one is revoked first.
 */
function isPredicted(node: FleetNode, revision: string | undefined): boolean {
  const { state, paused, desiredRevision, appliedRevision, approvedRevision } = node;
  const isSettled = state === 'Done' && desiredRevision === appliedRevision && !paused;
  if (!isSettled || revision === undefined || revision === desiredRevision) {
    return false;
  }
  const isUsed = !isRevision(approvedRevision) || approvedRevision === appliedRevision;
  return approvedRevision === revision || (isUsed && isReady(node));
}

function isReady({ readiness }: FleetNode): boolean {
  return readiness?.ready === true;
}

interface Seen {
  readonly revision: string | undefined;
  readonly wantsCurrentRevision: boolean;
  readonly predicted: boolean;
  readonly approvalActive: boolean;
}

function standingOf(
  node: FleetNode,
  { revision, wantsCurrentRevision, predicted, approvalActive }: Seen,
  terms: DecisionContext,
): RolloutStatus {
  const { state, joining } = node;
  if (node.hostService === true) {
    return 'held';
  }
  if (state === undefined || revision === undefined) {
    return joining || state === 'Observing' ? 'waiting' : 'lost';
  }
  const hasRevision = wantsCurrentRevision && node.appliedRevision === revision;
  if (node.paused) {
    if (state === 'Working') {
      return 'changing';
    }
    return hasRevision && (state === 'Done' || state === 'Observing') ? 'done' : 'held';
  }
  if (
    wantsCurrentRevision &&
    (node.failedRevision === revision || (!joining && failedAfterChange(node, terms)))
  ) {
    return 'failed';
  }
  if (!joining && isLongNotReady(node, terms.now)) {
    return 'lost';
  }
  switch (state) {
    case 'Working':
      return 'changing';
    case 'Done':
    case 'Observing':
      return hasRevision ? 'done' : 'waiting';
    case 'Pending':
      if (approvalActive) {
        return 'changing';
      }
      return wantsCurrentRevision &&
        !joining &&
        (isUnanswered(node, terms.now) || isUnread({ node, predicted }))
        ? 'lost'
        : 'waiting';
    case 'Blocked':
    case 'Degraded':
    case 'Unreconcilable':
      return wantsCurrentRevision || node.desiredRevision === undefined ? 'held' : 'waiting';
  }
}

function isUnavailable(
  node: FleetNode,
  standing: RolloutStatus,
  approvalActive: boolean,
  now: number,
): boolean {
  const isBriefly = node.readiness?.ready === false && !isLongNotReady(node, now);
  return approvalActive || isBriefly || standing === 'failed' || standing === 'changing';
}

/**
 * When the soak ends, in ms since the epoch. Counts from the approval (the API server's clock) when `lastChange` is
 * implausible: the node's clock is wrong, or drift was fixed later. -Infinity: it needed no change.
 */
function soakedAt(node: FleetNode, { soakMs }: DecisionContext): number {
  const approved = whenApproved(node)?.getTime();
  const changed = node.lastChange?.getTime();
  const took = (changed ?? -Infinity) - (approved ?? -Infinity);
  const from = approved !== undefined && !(took >= 0 && took <= LONGEST_CHANGE_MS) ? approved : changed;
  return (from ?? -Infinity) + soakMs;
}

/** When the applied revision was approved. */
function whenApproved(node: FleetNode): Date | undefined {
  return node.approvedRevision === node.appliedRevision ? node.approvedAt : undefined;
}
