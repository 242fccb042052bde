// The node's report on its way to the API server: in order, and only what differs.

import { nodePatch, type NodeReport } from '../report/annotations.ts';
import { notesFor } from './notes.ts';
import type { AgentLog, Cluster, NodeObject } from './ports.ts';

export interface Publisher {
  /** Takes over what the API server says of the node. */
  setNode(node: NodeObject): void;
  /** Resolves when the report and its Events are written; rejects when the report could not be. */
  publish(report: NodeReport): Promise<void>;
}

export function createPublisher(cluster: Cluster, log: AgentLog): Publisher {
  let node: NodeObject | undefined;
  let queue: Promise<void> = Promise.resolve();

  async function write(report: NodeReport): Promise<void> {
    if (node === undefined) {
      return;
    }
    const patch = nodePatch(node, report);
    if (patch === undefined) {
      return;
    }
    const previous = node;
    await cluster.patchNode(patch);
    // The watch brings the same some milliseconds later; until then this is what the API server has.
    node = {
      ...previous,
      annotations: merged(previous.annotations, patch.annotations),
      labels: merged(previous.labels, patch.labels),
    };
    for (const note of notesFor(previous.annotations, report)) {
      log.info({ event: note.reason }, note.message);
      try {
        await cluster.nodeEvent(previous, note);
      } catch (error) {
        log.warn({ err: error }, `The Event ${note.reason} could not be written`);
      }
    }
  }

  return {
    setNode(seen) {
      node = seen;
    },
    publish(report) {
      const written = queue.then(() => write(report));
      queue = written.catch(() => {});
      return written;
    },
  };
}

function merged(
  current: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const kept = Object.entries(current).filter(([key]) => !(key in patch));
  const added = Object.entries(patch).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries([...kept, ...added]);
}
