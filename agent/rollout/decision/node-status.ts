// What the rollout makes of one node: its standing, and whether it takes a place of those that may be unavailable.

import { isRevision, APPROVAL_MARKERS } from '../../names.ts';
import type { FleetNode, RolloutStatus } from '../fleet.ts';

const MINUTE_MS = 60_000;
/** So long not Ready, a node no longer holds anybody up. */
export const LOST_AFTER_MS = 10 * MINUTE_MS;
/** So long after its approval a node that has not begun is taken not to. */
const UNANSWERED_AFTER_MS = 10 * MINUTE_MS;
/** The same where its agent has not even said that it wants the change: it may be dead. */
const UNREAD_AFTER_MS = 2 * MINUTE_MS;
/** So long after UNANSWERED it may be approved again. */
export const ASK_AGAIN_AFTER_MS = 60 * MINUTE_MS;

/** From an approval to the end of its change. */
const LONGEST_CHANGE_MS = 30 * MINUTE_MS;

export interface Candidate {
  /** What it says; where that is foreseen, what it is going to say. */
  readonly node: FleetNode;
  readonly revision: string | undefined;
  readonly standing: RolloutStatus;
  /** Counts against maxUnavailable. */
  readonly unavailable: boolean;
  /** Its approval is in force: it may begin at any moment. */
  readonly approvalActive: boolean;
  /** Its agent wants what the policy asks of it, or is foreseen to. */
  readonly wantsCurrentRevision: boolean;
  /** Its agent has not said so. */
  readonly predicted: boolean;
  /** When it has stayed healthy for long enough after its change, in ms; undefined unless it is done and Ready. */
  readonly soakedAt: number | undefined;
}

export interface DecisionContext {
  readonly now: number;
  readonly soakMs: number;
  /** Agents wait for approvals. */
  readonly coordinated: boolean;
}

/** `revision`: what the policy asks of the node. */
export function memberOf(told: FleetNode, revision: string | undefined, terms: DecisionContext): Candidate {
  const approvalActive = terms.coordinated && isLive(told);
  const predicted = terms.coordinated && isForeseen(told, revision);
  const node: FleetNode = predicted ? { ...told, state: 'Pending', desiredRevision: revision } : told;
  const wantsCurrentRevision = revision !== undefined && node.desiredRevision === revision;
  const standing = standingOf(node, { revision, wantsCurrentRevision, predicted, approvalActive }, terms);
  return {
    node,
    revision,
    standing,
    approvalActive,
    wantsCurrentRevision,
    predicted,
    unavailable: isSelected(node) && isUnavailable(node, standing, approvalActive, terms.now),
    soakedAt: standing === 'done' && isReady(node) ? soakedAt(node, terms) : undefined,
  };
}

/** One of those that percentages are taken of: an agent reported on it, and it is not about to join. */
export function isSelected(node: FleetNode): boolean {
  return node.state !== undefined && !node.joining;
}

/** Not Ready for so long that it holds nobody up; or it never said whether it is. */
export function isLongNotReady({ readiness }: FleetNode, now: number): boolean {
  return readiness === undefined || (!readiness.ready && now - readiness.since.getTime() >= LOST_AFTER_MS);
}

/** It went dark in the middle of its change, or before it had stayed healthy for long enough after it. */
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

/** The approved change did not begin, and it is not yet time to ask again. */
export function isUnanswered(node: FleetNode, now: number): boolean {
  const { approvedRevision, approvedAt } = node;
  return (
    approvedRevision === APPROVAL_MARKERS.unanswered &&
    (approvedAt === undefined || now - approvedAt.getTime() < ASK_AGAIN_AFTER_MS)
  );
}

/** When its approval, which it has not used yet, has waited for too long, in ms; Infinity: never. */
export function overdueAt({ node, approvalActive, wantsCurrentRevision, predicted }: Candidate): number {
  const mayWait = node.joining || node.state === 'Working' || node.approvedAt === undefined;
  const patience = predicted ? UNREAD_AFTER_MS : UNANSWERED_AFTER_MS;
  return approvalActive && wantsCurrentRevision && !mayWait ? node.approvedAt.getTime() + patience : Infinity;
}

/** Its agent has not been heard of since it was approved in vain. */
export function isUnread({ node, predicted }: Pick<Candidate, 'node' | 'predicted'>): boolean {
  return predicted && node.approvedRevision === APPROVAL_MARKERS.unread;
}

/** Something older was approved here and did not come to its end. */
export function isFirstInLine({ approvedRevision, appliedRevision, desiredRevision }: FleetNode): boolean {
  return (
    (isRevision(approvedRevision) || approvedRevision === APPROVAL_MARKERS.unfinished) &&
    approvedRevision !== appliedRevision &&
    approvedRevision !== desiredRevision
  );
}

/** One that is Done may have read an edit by now, and says so by its change alone. */
function isLive({ state, approvedRevision, desiredRevision, appliedRevision }: FleetNode): boolean {
  if (!isRevision(approvedRevision)) {
    return false;
  }
  return approvedRevision === desiredRevision
    ? state === 'Pending' || appliedRevision !== desiredRevision
    : state === 'Done' && approvedRevision !== appliedRevision;
}

/**
 * The agent of a node that is Done and wants another list does not say so at once (node/quiet.ts): it can be seen from here.
 * Not where an older approval may still be used: that is taken back first.
 */
function isForeseen(node: FleetNode, revision: string | undefined): boolean {
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
  if (state === undefined || revision === undefined) {
    return joining || state === 'Observing' ? 'waiting' : 'lost';
  }
  const isThere = wantsCurrentRevision && node.appliedRevision === revision;
  if (node.paused) {
    if (state === 'Working') {
      return 'changing';
    }
    return isThere && (state === 'Done' || state === 'Observing') ? 'done' : 'held';
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
      return isThere ? 'done' : 'waiting';
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
 * By the API server's clock where the node's cannot be right, or tells of a drift that was mended later. Nothing to go
 * by: it needed no change.
 */
function soakedAt(node: FleetNode, { soakMs }: DecisionContext): number {
  const approved = whenApproved(node)?.getTime();
  const changed = node.lastChange?.getTime();
  const took = (changed ?? -Infinity) - (approved ?? -Infinity);
  const from = approved !== undefined && !(took >= 0 && took <= LONGEST_CHANGE_MS) ? approved : changed;
  return (from ?? -Infinity) + soakMs;
}

/** When what is applied here was approved. */
function whenApproved(node: FleetNode): Date | undefined {
  return node.approvedRevision === node.appliedRevision ? node.approvedAt : undefined;
}
