// Polls blocking pods with backoff, so that a waiting fleet does not overload the API server.

import { errorText } from '../../text/error-text.ts';
import { NoApiServerError } from '../no-api-server.ts';
import type { PodList } from './pod-guard.ts';
import type { Clock, Cluster } from '../ports.ts';

export interface PodPoller {
  /**
   * Lists the pods for the restart that `key` identifies. Returns the last answer for the same key without a request before
   * `next`; queries at once for the first or another key. A failed query resolves with kind unknown.
   */
  now(key: string): Promise<PodList>;
  /** Always queries, and reads from etcd instead of a cache that may be stale. */
  latest(key: string): Promise<PodList>;
  /** When to query again. */
  next(): Date;
  /** Drops the last answer: no restart waits any more. */
  forget(): void;
}

const SHORTEST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/** Returns the pause, in ms, after a restart has waited for `waitedMs`: the same time again, within 5 s and 60 s. */
export function pauseAfterWaiting(waitedMs: number): number {
  return Math.min(Math.max(waitedMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/** `random` returns a number in [0, 1); it spreads the queries of nodes that began to wait at the same moment. */
export function createPodPoller(
  cluster: Pick<Cluster, 'sysctlPods'>,
  clock: Pick<Clock, 'now'>,
  random: () => number,
): PodPoller {
  let last:
    | { readonly key: string; readonly since: number; readonly list: PodList; readonly next: number }
    | undefined;

  async function query(key: string, latest: boolean): Promise<PodList> {
    const list = await cluster.sysctlPods({ latest }).then(
      (pods): PodList => ({ kind: 'seen', pods }),
      (error: unknown): PodList =>
        error instanceof NoApiServerError ? { kind: 'none' } : { kind: 'unknown', why: errorText(error) },
    );
    const at = clock.now().getTime();
    const since = last?.key === key ? last.since : at;
    // After an error use the shortest interval.
    const pause = list.kind === 'unknown' ? SHORTEST_PAUSE_MS : pauseAfterWaiting(at - since);
    last = { key, since, list, next: at + Math.round(pause * (1 + random() / 4)) };
    return list;
  }

  return {
    now: async (key) =>
      last?.key === key && clock.now().getTime() < last.next ? last.list : query(key, false),
    latest: (key) => query(key, true),
    next: () => new Date(last?.next ?? clock.now().getTime() + SHORTEST_PAUSE_MS),
    forget() {
      last = undefined;
    },
  };
}
