// Counts the nodes of a recording that were unavailable at the same time.

import { isRevision } from '../../agent/names.ts';
import type { Moment, NodeMoment } from './moments.ts';

/** Returns the nodes that were unavailable at the worst instant; empty when all were always available. */
export function mostUnavailable(moments: readonly Moment[]): readonly string[] {
  const unavailable = new Set<string>();
  let worst: readonly string[] = [];
  for (const moment of moments) {
    if (!('node' in moment)) continue;
    if (moment.kind === 'node' && isUnavailable(moment)) unavailable.add(moment.node);
    else unavailable.delete(moment.node);
    if (unavailable.size > worst.length) worst = [...unavailable];
  }
  return worst;
}

/** Returns whether the node may start its change; a Done node does not want one. */
export function isApproved({
  state,
  desiredRevision,
  appliedRevision,
  approvedRevision,
}: Pick<NodeMoment, 'state' | 'desiredRevision' | 'appliedRevision' | 'approvedRevision'>): boolean {
  const isWanted = approvedRevision === desiredRevision || state === 'Done';
  return isRevision(approvedRevision) && approvedRevision !== appliedRevision && isWanted;
}

/** Returns whether the coordinator counts the node as unavailable: approved, changing, failed at its desired revision, or not Ready. */
export function isUnavailable(moment: NodeMoment): boolean {
  const { state, ready, desiredRevision, failedRevision } = moment;
  if (!ready || state === 'Working' || isApproved(moment)) return true;
  return desiredRevision !== undefined && failedRevision === desiredRevision;
}
