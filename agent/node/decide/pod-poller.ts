// When the node's pods are looked at again while they hold a restart up: seldom, since every node may wait at once.

import { errorText } from '../../text/error-text.ts';
import type { PodList } from './pod-guard.ts';
import type { Clock, Cluster } from '../ports.ts';

export interface PodPoller {
  /**
   * The pods for a restart that `key` tells apart from others. The same question asked again before `next` gets the same
   * answer without a request; a first one, or one with another key, is asked at once.
   */
  now(key: string): Promise<PodList>;
  /** Asked anew in any case, and of etcd, not of a cache that may lag behind. */
  latest(key: string): Promise<PodList>;
  /** When to ask again. */
  next(): Date;
  /** Nothing waits any more. */
  forget(): void;
}

const SHORTEST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/** The pause in ms after a restart has waited for `waitedMs`: as long again, from 5 s to 60 s. */
export function pauseAfterWaiting(waitedMs: number): number {
  return Math.min(Math.max(waitedMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/** `random` is in [0, 1): it spreads the looks of nodes that began to wait at the same moment. */
export function createPodPoller(
  cluster: Pick<Cluster, 'sysctlPods'>,
  clock: Pick<Clock, 'now'>,
  random: () => number,
): PodPoller {
  let held:
    | { readonly key: string; readonly since: number; readonly look: PodList; readonly next: number }
    | undefined;

  async function ask(key: string, latest: boolean): Promise<PodList> {
    const look = await cluster.sysctlPods({ latest }).then(
      (pods): PodList => ({ kind: 'seen', pods }),
      (error: unknown): PodList => ({ kind: 'unknown', why: errorText(error) }),
    );
    const at = clock.now().getTime();
    const since = held?.key === key ? held.since : at;
    // An API server that is back must not be noticed late.
    const pause = look.kind === 'unknown' ? SHORTEST_PAUSE_MS : pauseAfterWaiting(at - since);
    held = { key, since, look, next: at + Math.round(pause * (1 + random() / 4)) };
    return look;
  }

  return {
    now: async (key) =>
      held?.key === key && clock.now().getTime() < held.next ? held.look : ask(key, false),
    latest: (key) => ask(key, true),
    next: () => new Date(held?.next ?? clock.now().getTime() + SHORTEST_PAUSE_MS),
    forget() {
      held = undefined;
    },
  };
}
