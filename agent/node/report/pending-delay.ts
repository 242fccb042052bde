// Delays the Pending report while only the approval is missing: the coordinator predicts it from the policy, and reports of a
// whole fleet would make the API server write every Node at once after each edit.

import { isDeepStrictEqual } from 'node:util';
import { nodePatch, type NodeReport } from '../../report/annotations.ts';
import { INPUT_KEYS, KEYS, APPROVAL_MARKERS } from '../../names.ts';
import { carries, parseSelectors } from '../../policy/selectors.ts';
import type { NodeObject } from '../ports.ts';

/** The shortest delay, in ms; the longest is twice that. */
const SHORTEST_DELAY_MS = 300_000;

export interface PendingDelay {
  /**
   * Returns until when this report may be delayed; undefined: report it now. `waits`: only the coordinator's approval is
   * missing for the change.
   */
  until(report: NodeReport, waits: boolean, node: NodeObject, now: Date): Date | undefined;
}

/** Delays the report while nothing else changes on the node. `random` returns a number in [0, 1). */
export function createPendingDelay(random: () => number): PendingDelay {
  let delayed: { readonly report: NodeReport; readonly until: Date } | undefined;

  return {
    until(report, waits, node, now) {
      if (!waits || !isPredicted(node, report)) {
        delayed = undefined;
        return undefined;
      }
      const since =
        delayed !== undefined && delayed.report.desiredRevision === report.desiredRevision
          ? delayed
          : { report, until: new Date(now.getTime() + SHORTEST_DELAY_MS * (1 + random())) };
      delayed = since;
      return now < since.until && isDeepStrictEqual(report, since.report) ? since.until : undefined;
    },
  };
}

/** The annotations that change when a node that is Done wants another list. */
const PREDICTED_KEYS: ReadonlySet<string> = new Set([
  KEYS.state,
  KEYS.reason,
  KEYS.desired,
  KEYS.profiles,
  KEYS.desiredRevision,
  KEYS.drift,
]);

/** Whether the coordinator predicts this report (rollout/decision/node-status.ts). A report of an unusable approval is not predicted. */
function isPredicted(node: NodeObject, report: NodeReport): boolean {
  const {
    [KEYS.state]: state,
    [KEYS.desiredRevision]: desired,
    [KEYS.appliedRevision]: applied,
    [INPUT_KEYS.approvedRevision]: approved = applied,
  } = node.annotations;
  const isDone = state === 'Done' && desired === applied && desired !== report.desiredRevision;
  if (!isDone || (approved !== applied && approved !== APPROVAL_MARKERS.unfinished)) {
    return false;
  }
  // The coordinator counts a profile that the node shows, until the agent reports that its label is gone.
  const shown = [...parseSelectors(node.annotations[KEYS.profiles])];
  if (
    shown.some((selector) => report.profiles?.includes(selector) !== true && !carries(node.labels, selector))
  ) {
    return false;
  }
  const { annotations = {}, labels = {} } = nodePatch(node, report) ?? {};
  return [annotations, labels].flatMap(Object.keys).every((key) => PREDICTED_KEYS.has(key));
}
