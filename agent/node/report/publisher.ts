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
import { eventsFor } from './events.ts';
import { KEYS } from '../../names.ts';
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
  drift: { missing: [], unmanaged: [], pendingRestart: [] },
  policyError: undefined,
  desiredRevision: undefined,
  appliedRevision: undefined,
  failedRevision: undefined,
  lastChange: undefined,
  history: undefined,
};

/** Returns a report and what it changes on the Node as it is when the report's turn has come. */
type ReportOn = (node: NodeObject) => { readonly report: NodeReport; readonly patch: NodePatch | undefined };

/** Publishes nothing until `setNode` was called once. */
export function createPublisher(cluster: Pick<Cluster, 'patchNode' | 'nodeEvent'>, log: AgentLog): Publisher {
  let node: NodeObject | undefined;
  let last: NodeReport | undefined;
  let queue: Promise<void> = Promise.resolve();
  const events = eventQueue<EventDraft & { readonly about: NodeObject }>(
    (event) => cluster.nodeEvent(event.about, event),
    (facts, message) => log.warn(facts, message),
  );

  async function write(reportOn: ReportOn): Promise<void> {
    if (node === undefined) {
      return;
    }
    await writePatch(node, reportOn(node));
    await events.post();
  }

  async function writePatch(previous: NodeObject, { report, patch }: ReturnType<ReportOn>): Promise<void> {
    if (patch === undefined) {
      return;
    }
    try {
      await cluster.patchNode(patch);
    } catch (error) {
      throw new NotReported(error);
    }
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
    shown: () => last,
  };
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
