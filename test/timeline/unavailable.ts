// How many nodes of a recording were out of service at a time.

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

/** As the coordinator counts: it may change at any moment, changes, has failed at what it should have, or is not Ready. */
export function isUnavailable(moment: NodeMoment): boolean {
  const { state, ready, desiredRevision, appliedRevision, approvedRevision, failedRevision } = moment;
  if (!ready || state === 'Working') return true;
  if (desiredRevision === undefined) return false;
  const mayChange = approvedRevision === desiredRevision && appliedRevision !== desiredRevision;
  return mayChange || failedRevision === desiredRevision;
}
