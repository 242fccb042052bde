// The Events of a new report, compared with the previous one.

import type { NodeReport } from '../../report/annotations.ts';
import { annotationsOf, driftText } from '../../report/annotations.ts';
import { noteOf } from '../../report/past-change.ts';
import { KEYS } from '../../names.ts';
import type { EventDraft } from '../../report/event-draft.ts';

/**
 * Returns the Events to post. `previous`: the node's annotations before the report. A difference that a new revision causes is
 * not drift; a difference that appears while the revision stays is.
 */
export function eventsFor(previous: Readonly<Record<string, string>>, report: NodeReport): EventDraft[] {
  const notes: EventDraft[] = [];
  const drift = driftText(report.drift);
  const byPolicy = report.desiredRevision !== report.appliedRevision;
  if (drift !== undefined && drift !== previous[KEYS.drift] && !byPolicy) {
    notes.push({ type: 'Warning', reason: 'ConfigDriftDetected', message: drift });
  }
  const last = report.history?.at(-1);
  const isChanged = report.lastChange !== undefined && report.lastChange !== previous[KEYS.lastChange];
  if (report.state === 'Done' && isChanged && last !== undefined && noteOf(last) !== undefined) {
    return [...notes, { type: 'Warning', reason: 'NodeDone', message: report.reason }];
  }
  const isNews =
    report.state !== previous[KEYS.state] || report.desiredRevision !== previous[KEYS.desiredRevision];
  // The cause may change while the node stays Blocked: first its kubelet, then a pod.
  const hasOtherCause =
    report.state === 'Blocked' && annotationsOf(report)[KEYS.reason] !== previous[KEYS.reason];
  if (isNews || hasOtherCause) {
    notes.push(...stateNotes(report, previous));
  }
  return notes;
}

/** A successful change shows in the annotations only: a fleet would write thousands of useless Events. */
function stateNotes({ state, reason }: NodeReport, previous: Readonly<Record<string, string>>): EventDraft[] {
  switch (state) {
    case 'Done':
      return hadWarning(previous) ? [{ type: 'Normal', reason: 'NodeDone', message: reason }] : [];
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

const WARNED_STATES: ReadonlySet<string> = new Set(['Degraded', 'Unreconcilable', 'Blocked']);

/** Whether an Event warned of the node's previous state. */
function hadWarning(previous: Readonly<Record<string, string>>): boolean {
  const hadDrift =
    previous[KEYS.drift] !== undefined && previous[KEYS.desiredRevision] === previous[KEYS.appliedRevision];
  return hadDrift || WARNED_STATES.has(previous[KEYS.state] ?? '');
}
