// The node's report on its way to the API server: in order, and only what differs.

import { isDeepStrictEqual } from 'node:util';
import { nodePatch, type NodeReport } from '../../report/annotations.ts';
import { eventQueue } from '../../report/event-queue.ts';
import { eventsFor } from './events.ts';
import type { AgentLog, Cluster, EventDraft, NodeObject } from '../ports.ts';

export interface Publisher {
  /** Takes over what the API server says of the node. False when its metadata is what was known, own reports included. */
  setNode(node: NodeObject): boolean;
  /**
   * Resolves when the report is written, and its Events were tried: those that were not accepted come with the next report.
   * Rejects with NotReported when the report could not be written.
   */
  publish(report: NodeReport): Promise<void>;
  /** The last report again, with the reason why there is no newer one. */
  publishFailure(reason: string): Promise<void>;
}

/** The API server did not take the node's report: no news of the node itself. */
export class NotReported extends Error {
  override readonly name = 'NotReported';
  /** How long an API server that has more to do than it can asks to be left alone; undefined: it does not say that. */
  readonly retryAfterMs: number | undefined;

  constructor(cause: unknown) {
    super("The node's report could not be written", { cause });
    this.retryAfterMs = isOverloaded(cause) ? (cause.retryAfterMs ?? 0) : undefined;
  }
}

function isOverloaded(cause: unknown): cause is Error & { readonly retryAfterMs?: number | undefined } {
  return cause instanceof Error && 'status' in cause && cause.status === 429;
}

/** What there is to tell of a node that was never looked at. */
export const NOTHING_SEEN: NodeReport = {
  state: 'Degraded',
  reason: '',
  desired: undefined,
  running: undefined,
  drift: { missing: [], unmanaged: [], pendingRestart: [] },
  policyError: undefined,
  desiredRevision: undefined,
  appliedRevision: undefined,
  failedRevision: undefined,
  lastChange: undefined,
  history: undefined,
};

export function createPublisher(cluster: Pick<Cluster, 'patchNode' | 'nodeEvent'>, log: AgentLog): Publisher {
  let node: NodeObject | undefined;
  let last = NOTHING_SEEN;
  let queue: Promise<void> = Promise.resolve();
  const events = eventQueue<EventDraft & { readonly about: NodeObject }>(
    (event) => cluster.nodeEvent(event.about, event),
    (facts, message) => log.warn(facts, message),
  );

  async function write(report: NodeReport): Promise<void> {
    if (node === undefined) {
      return;
    }
    await writePatch(node, report);
    await events.post();
  }

  async function writePatch(previous: NodeObject, report: NodeReport): Promise<void> {
    const patch = nodePatch(previous, report);
    if (patch === undefined) {
      return;
    }
    try {
      await cluster.patchNode(patch);
    } catch (error) {
      throw new NotReported(error);
    }
    // The watch brings the same some milliseconds later; until then this is what the API server has.
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

  function publish(report: NodeReport): Promise<void> {
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
      return publish(report);
    },
    publishFailure: (reason) => publish({ ...last, state: 'Degraded', reason }),
  };
}

/** The kubelet renews its Node's status all the time; that alone is no cause to look. */
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
