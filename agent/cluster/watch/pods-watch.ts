// Watches the pods of one node while its kubelet restarts.

import type { PodsWatch, SeenPod } from '../../node/ports.ts';
import { parseSeenPod, uidOf } from '../objects/parse.ts';
import type { Transport } from '../http/transport.ts';
import { watchCollection } from './watch-collection.ts';
import type { WatchOptions } from './watch-loop.ts';

export interface PodsWatchOptions extends Pick<WatchOptions, 'onFault' | 'onUnreadable' | 'random'> {
  readonly transport: Pick<Transport, 'read' | 'stream'>;
  readonly nodeName: string;
}

/** A soak lasts seconds: a watch that reconnects late has missed it. */
const BACKOFF = { minMs: 100, maxMs: 1000 };

/**
 * Watches the pods of the node that have not succeeded, from now until stopped; it reconnects silently. It lists first, as a kubelet
 * does: for a watch without a version the API server would scan every pod of the cluster.
 */
export function watchPods({ transport, nodeName, ...watching }: PodsWatchOptions): PodsWatch {
  const pods = new Map<string, SeenPod>();
  const waiting = new Set<(news: readonly SeenPod[]) => void>();
  const watch = watchCollection({
    transport,
    path: '/api/v1/pods',
    query: { fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded` },
    listsFromCache: true,
    keyOf: uidOf,
    parse: parseSeenPod,
    onList(listed) {
      report([...listed.values()].flatMap((pod) => takeIn(pod) ?? []));
      return true;
    },
    onChanged: (_uid, pod) => report([takeIn(pod) ?? []].flat()),
    onDeleted(uid) {
      // One that ran may have been refused before its deletion.
      if (pods.get(uid)?.hadContainers === false) pods.delete(uid);
    },
    backoff: BACKOFF,
    ...watching,
  });
  return { found, stop: () => watch.stop() };

  /** Returns the pod as known now; undefined for one that failed before it was seen to run: a node may have thousands, and they stay failed. */
  function takeIn(pod: Omit<SeenPod, 'hadContainers'>): SeenPod | undefined {
    const earlier = pods.get(pod.uid);
    const ran = earlier !== undefined && earlier.hasContainers && earlier.phase !== 'Failed';
    const hadContainers = ran || (earlier?.hadContainers ?? false);
    if (pod.phase === 'Failed' && !hadContainers) {
      pods.delete(pod.uid);
      return undefined;
    }
    const known = { ...pod, hadContainers };
    pods.set(pod.uid, known);
    return known;
  }

  function report(news: readonly SeenPod[]): void {
    for (const check of waiting) {
      check(news);
    }
  }

  function found(counts: (pod: SeenPod) => boolean, waitMs: number): Promise<readonly SeenPod[]> {
    const { promise, resolve } = Promise.withResolvers<readonly SeenPod[]>();
    const check = (news: readonly SeenPod[]): void => {
      if (news.some((pod) => counts(pod))) {
        end();
      }
    };
    const timer = setTimeout(end, waitMs);
    function end(): void {
      clearTimeout(timer);
      waiting.delete(check);
      resolve([...pods.values()].filter((pod) => counts(pod)));
    }
    waiting.add(check);
    check([...pods.values()]);
    return promise;
  }
}
