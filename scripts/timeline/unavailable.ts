// How many nodes of a recording were out of service at a time.

import { isRevision } from '../../agent/names.ts';
import type { Moment, NodeMoment } from './moments.ts';

/** Those that were unavailable together at the worst instant; empty: all were there all the time. */
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

/** It may begin its change; one that is Done has not said that it wants to. */
export function isApproved({
  state,
  desiredRevision,
  appliedRevision,
  approvedRevision,
}: Pick<NodeMoment, 'state' | 'desiredRevision' | 'appliedRevision' | 'approvedRevision'>): boolean {
  const isWanted = approvedRevision === desiredRevision || state === 'Done';
  return isRevision(approvedRevision) && approvedRevision !== appliedRevision && isWanted;
}

/** As the coordinator counts: it may change at any moment, changes, has failed at what it should have, or is not Ready. */
export function isUnavailable(moment: NodeMoment): boolean {
  const { state, ready, desiredRevision, failedRevision } = moment;
  if (!ready || state === 'Working' || isApproved(moment)) return true;
  return desiredRevision !== undefined && failedRevision === desiredRevision;
}
