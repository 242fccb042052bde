// What happened between two pictures of the fleet, for the counters. Pure.

import { APPROVAL_MARKERS, isRevision } from '../../names.ts';
import type { FleetNode } from '../fleet.ts';
import { pairsByName } from './by-name.ts';
import type { FleetPicture } from './fleet-samples.ts';

export const WITHDRAWALS = ['revoked', ...Object.values(APPROVAL_MARKERS)] as const;

export type Happening =
  | { readonly kind: 'approved' | 'failed' | 'halted' }
  | { readonly kind: 'withdrawn'; readonly reason: (typeof WITHDRAWALS)[number] }
  /** `seconds`: from its approval; undefined: not known, or not plausible (drift that was fixed later). */
  | { readonly kind: 'done'; readonly seconds: number | undefined };

/** A change that took longer is one of drift that was fixed later, in seconds. */
const LONGEST_CHANGE_SECONDS = 1200;

/** Returns what happened, in the order of the Nodes of `after`. A Node that `before` does not have adds nothing. */
export function happeningsBetween(before: FleetPicture, after: FleetPicture): readonly Happening[] {
  const ofNodes: Happening[] = [];
  for (const [node, old] of pairsByName(after.nodes, before.nodes)) {
    // Equal Nodes are one object (apply/node-store.ts).
    if (old !== node) ofNodes.push(...ofNode(old, node));
  }
  const isHalted = before.decision.phase !== 'Halted' && after.decision.phase === 'Halted';
  return isHalted ? [...ofNodes, { kind: 'halted' }] : ofNodes;
}

function ofNode(before: FleetNode, after: FleetNode): readonly Happening[] {
  const happenings: Happening[] = [];
  if (before.approvedRevision !== after.approvedRevision) {
    happenings.push(...ofApproval(before, after));
  }
  if (after.lastChange !== undefined && before.lastChange?.getTime() !== after.lastChange.getTime()) {
    happenings.push({ kind: 'done', seconds: durationOf(after, after.lastChange) });
  }
  if (after.failedRevision !== undefined && before.failedRevision !== after.failedRevision) {
    happenings.push({ kind: 'failed' });
  }
  return happenings;
}

function ofApproval(before: FleetNode, { approvedRevision }: FleetNode): readonly Happening[] {
  if (isRevision(approvedRevision)) {
    return [{ kind: 'approved' }];
  }
  const reason = WITHDRAWALS.find((one) => one === approvedRevision) ?? 'revoked';
  return isRevision(before.approvedRevision) ? [{ kind: 'withdrawn', reason }] : [];
}

function durationOf(
  { approvedRevision, appliedRevision, approvedAt }: FleetNode,
  ended: Date,
): number | undefined {
  if (approvedRevision !== appliedRevision || approvedAt === undefined) {
    return undefined;
  }
  const seconds = (ended.getTime() - approvedAt.getTime()) / 1000;
  return seconds >= 0 && seconds <= LONGEST_CHANGE_SECONDS ? seconds : undefined;
}
