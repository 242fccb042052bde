// Which Events a new report of the node is worth, compared with the one before it.

import type { NodeReport } from '../../report/annotations.ts';
import { annotationsOf, driftText } from '../../report/annotations.ts';
import { KEYS } from '../../names.ts';
import type { EventDraft } from '../ports.ts';

/**
 * `previous` are the node's annotations as they were. A change that the policy asked for is no drift; a difference
 * that appears while the revision stays is.
 */
export function eventsFor(previous: Readonly<Record<string, string>>, report: NodeReport): EventDraft[] {
  const notes: EventDraft[] = [];
  const drift = driftText(report.drift);
  const byPolicy = report.desiredRevision !== report.appliedRevision;
  if (drift !== undefined && drift !== previous[KEYS.drift] && !byPolicy) {
    notes.push({ type: 'Warning', reason: 'ConfigDriftDetected', message: drift });
  }
  const isNews =
    report.state !== previous[KEYS.state] || report.desiredRevision !== previous[KEYS.desiredRevision];
  // What holds a node up may change while it is held up: first its kubelet, then a pod.
  const holdsOtherwise =
    report.state === 'Blocked' && annotationsOf(report)[KEYS.reason] !== previous[KEYS.reason];
  if (isNews || holdsOtherwise) {
    notes.push(...stateNotes(report, previous));
  }
  return notes;
}

/** A change that goes well shows in the annotations alone: a fleet would write thousands of Events that nobody needs. */
function stateNotes({ state, reason }: NodeReport, previous: Readonly<Record<string, string>>): EventDraft[] {
  switch (state) {
    case 'Done':
      return wasWarnedOf(previous) ? [{ type: 'Normal', reason: 'NodeDone', message: reason }] : [];
    case 'Degraded':
      return [{ type: 'Warning', reason: 'NodeDegraded', message: reason }];
    case 'Unreconcilable':
      return [{ type: 'Warning', reason: 'NodeUnreconcilable', message: reason }];
    case 'Blocked':
      return [{ type: 'Warning', reason: 'NodeBlocked', message: reason }];
    case 'Pending':
    case 'Working':
    case 'Observing':
      return [];
  }
}

const WARNED_OF: ReadonlySet<string> = new Set(['Degraded', 'Unreconcilable', 'Blocked']);

/** An Event says that something is wrong with the node as it was. */
function wasWarnedOf(previous: Readonly<Record<string, string>>): boolean {
  const hadDrift =
    previous[KEYS.drift] !== undefined && previous[KEYS.desiredRevision] === previous[KEYS.appliedRevision];
  return hadDrift || WARNED_OF.has(previous[KEYS.state] ?? '');
}
