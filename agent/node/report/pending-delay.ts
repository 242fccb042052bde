// A node that only waits for its turn says nothing: the coordinator sees from the policy that it wants to change, and a fleet
// whose agents all said so would have the API server write every Node at once after each edit.

import { isDeepStrictEqual } from 'node:util';
import { nodePatch, type NodeReport } from '../../report/annotations.ts';
import { INPUT_KEYS, KEYS, APPROVAL_MARKERS } from '../../names.ts';
import type { NodeObject } from '../ports.ts';

/** A node that waits for longer says so after all, at a random moment of as long again, in ms. */
const QUIET_MS = 300_000;

export interface PendingDelay {
  /**
   * Until when this report need not be told; undefined: it is to be told. `waits`: nothing but the coordinator's approval
   * is missing for the change.
   */
  until(report: NodeReport, waits: boolean, node: NodeObject, now: Date): Date | undefined;
}

/** Keeps quiet while nothing else happens on the node. */
export function createPendingDelay(random: () => number): PendingDelay {
  let kept: { readonly report: NodeReport; readonly until: Date } | undefined;

  return {
    until(report, waits, node, now) {
      if (!waits || !isForeseen(node, report)) {
        kept = undefined;
        return undefined;
      }
      const since =
        kept !== undefined && kept.report.desiredRevision === report.desiredRevision
          ? kept
          : { report, until: new Date(now.getTime() + QUIET_MS * (1 + random())) };
      kept = since;
      return now < since.until && isDeepStrictEqual(report, since.report) ? since.until : undefined;
    },
  };
}

/** What a node that is Done and wants another list would tell beside what it wants. */
const FORESEEN: ReadonlySet<string> = new Set([
  KEYS.state,
  KEYS.reason,
  KEYS.desired,
  KEYS.desiredRevision,
  KEYS.drift,
]);

/** As rollout/standing.ts does. An approval that this node does not follow is told of. */
function isForeseen(node: NodeObject, report: NodeReport): boolean {
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
  const news = nodePatch(node, report)?.annotations ?? {};
  return Object.keys(news).every((key) => FORESEEN.has(key));
}
