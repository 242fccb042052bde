// Writes the node's reports to the API server: in order, and only what differs.

import { isDeepStrictEqual } from 'node:util';
import {
  failurePatch,
  type FailureReport,
  nodePatch,
  type NodePatch,
  type NodeReport,
} from '../../report/annotations.ts';
import { eventQueue } from '../../report/event-queue.ts';
import { allowedByLabels } from '../../policy/labelled.ts';
import { eventsFor } from './events.ts';
import { ALLOWS_PREFIX, KEYS } from '../../names.ts';
import type { Cluster, NodeObject } from '../ports.ts';
import type { EventDraft } from '../../report/event-draft.ts';
import type { AgentLog } from '../../report/log.ts';

export interface Publisher {
  /** Call for every Node update. Returns whether its metadata differs from what is known, own reports included. */
  setNode(node: NodeObject): boolean;
  /**
   * Resolves when the report is written and its Events were posted or failed; failed Events are retried with the next report.
   * Rejects with NotReported when the report could not be written.
   */
  publish(report: NodeReport): Promise<void>;
  /**
   * Call before a restart. Publishes the report, and resolves when the API server has taken it, if it removes the label of a sysctl that
   * the running kubelet allows; else does nothing. Rejects as `publish`.
   */
  withdrawLabels(report: NodeReport, isRunning: (name: string) => boolean): Promise<void>;
  /** The Node's labels as last seen, with what was written since; undefined before `setNode`. */
  labels(): NodeObject['labels'] | undefined;
  /** The last report that was published; undefined: none by this process. */
  shown(): NodeReport | undefined;
  /** Publishes the last report with this state, and with the reason why there is no newer one. Rejects as `publish`. */
  publishFailure(failure: FailureReport): Promise<void>;
}

/** The API server did not accept the node's report; the pass itself succeeded. */
export class NotReported extends Error {
  override readonly name = 'NotReported';
  /** The Retry-After of an overloaded API server (429), in ms; undefined for other errors. */
  readonly retryAfterMs: number | undefined;

  constructor(cause: unknown) {
    super("The node's report could not be written", { cause });
    this.retryAfterMs = isOverloaded(cause) ? (cause.retryAfterMs ?? 0) : undefined;
  }
}

function isOverloaded(cause: unknown): cause is Error & { readonly retryAfterMs?: number | undefined } {
  return cause instanceof Error && 'status' in cause && cause.status === 429;
}

/** The report of a node that this process has not observed yet. */
export const NOTHING_SEEN: NodeReport = {
  state: 'Degraded',
  reason: '',
  reasonCode: undefined,
  desired: undefined,
  profiles: undefined,
  running: undefined,
  allows: undefined,
  drift: { missing: [], unmanaged: [], pendingRestart: [] },
  policyError: undefined,
  desiredRevision: undefined,
  appliedRevision: undefined,
  failedRevision: undefined,
  lastChange: undefined,
  history: undefined,
};

/** No label of ours has it. */
const UNKNOWN_VALUE = '';

/** Returns a report and what it changes on the Node as it is when the report's turn has come. */
type ReportOn = (node: NodeObject) => { readonly report: NodeReport; readonly patch: NodePatch | undefined };

/** Publishes nothing until `setNode` was called once. */
export function createPublisher(cluster: Pick<Cluster, 'patchNode' | 'nodeEvent'>, log: AgentLog): Publisher {
  let node: NodeObject | undefined;
  let last: NodeReport | undefined;
  let queue: Promise<void> = Promise.resolve();
  // A label that a failed patch was to add may stand, or come late: it has no known value until a later patch succeeds.
  let doubtful: Readonly<Record<string, string>> = {};
  const events = eventQueue<EventDraft & { readonly about: NodeObject }>(
    (event) => cluster.nodeEvent(event.about, event),
    (facts, message) => log.warn(facts, message),
  );

  async function write(reportOn: ReportOn): Promise<void> {
    if (node === undefined) {
      return;
    }
    await writePatch(node, reportOn({ ...node, labels: { ...node.labels, ...doubtful } }));
    await events.post();
  }

  async function writePatch(previous: NodeObject, { report, patch }: ReturnType<ReportOn>): Promise<void> {
    if (patch === undefined) {
      return;
    }
    try {
      await cluster.patchNode(patch);
    } catch (error) {
      const added = Object.keys(patch.labels).filter((key) => key.startsWith(ALLOWS_PREFIX));
      doubtful = { ...doubtful, ...Object.fromEntries(added.map((key) => [key, UNKNOWN_VALUE])) };
      throw new NotReported(error);
    }
    doubtful = {};
    // The watch delivers the same metadata some milliseconds later; until then use what was written.
    const known = node ?? previous;
    node = {
      ...known,
      annotations: merged(known.annotations, patch.annotations),
      labels: merged(known.labels, patch.labels),
    };
    const notes = eventsFor(previous.annotations, report);
    for (const note of notes) {
      log.info({ event: note.reason }, note.message);
    }
    events.add(notes.map((note) => ({ ...note, about: previous })));
  }

  function publish(report: ReportOn): Promise<void> {
    const written = queue.then(() => write(report));
    queue = written.catch(() => {});
    return written;
  }

  return {
    setNode(seen) {
      const isNews = node === undefined || !sameMetadata(node, seen);
      node = seen;
      return isNews;
    },
    publish(report) {
      last = report;
      return publish((seen) => ({ report, patch: nodePatch(seen, report) }));
    },
    publishFailure: (failure) =>
      publish((seen) => {
        const report = { ...(last ?? shownBefore(seen)), ...failure };
        return { report, patch: last ? nodePatch(seen, report) : failurePatch(seen, failure) };
      }),
    withdrawLabels(report, isRunning) {
      last = report;
      return publish((seen) => {
        const patch = nodePatch(seen, report);
        return { report, patch: patch && removedBy(patch).some(isRunning) ? patch : undefined };
      });
    },
    labels: () => node?.labels,
    shown: () => last,
  };
}

/** Returns the sysctls of the labels that the patch removes. */
function removedBy({ labels }: NodePatch): readonly string[] {
  const removed = Object.entries(labels).filter(([, value]) => value === null);
  return allowedByLabels(Object.fromEntries(removed.map(([key]) => [key, ''])));
}

/** What a node shows from an earlier agent, as far as Events are compared with it. */
function shownBefore({ annotations }: NodeObject): NodeReport {
  const { [KEYS.desiredRevision]: desiredRevision, [KEYS.appliedRevision]: appliedRevision } = annotations;
  return { ...NOTHING_SEEN, desiredRevision, appliedRevision };
}

/** Ignores status-only Node updates, which the kubelet writes all the time. */
function sameMetadata(one: NodeObject, other: NodeObject): boolean {
  return isDeepStrictEqual(one.labels, other.labels) && isDeepStrictEqual(one.annotations, other.annotations);
}

function merged(
  current: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const kept = Object.entries(current).filter(([key]) => !(key in patch));
  const added = Object.entries(patch).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries([...kept, ...added]);
}
