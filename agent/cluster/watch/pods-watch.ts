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
  const waiting = new Set<() => void>();
  const watch = watchCollection({
    transport,
    path: '/api/v1/pods',
    query: { fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded` },
    listsFromCache: true,
    keyOf: uidOf,
    parse: parseSeenPod,
    onList(listed) {
      listed.forEach(takeIn);
      return true;
    },
    onChanged: (_uid, pod) => takeIn(pod),
    onDeleted() {},
    backoff: BACKOFF,
    ...watching,
  });
  return { found, stop: () => watch.stop() };

  function takeIn(pod: Omit<SeenPod, 'hadContainers'>): void {
    const earlier = pods.get(pod.uid);
    const ran = earlier !== undefined && earlier.hasContainers && earlier.phase !== 'Failed';
    const hadContainers = ran || (earlier?.hadContainers ?? false);
    pods.set(pod.uid, { ...pod, hadContainers });
    for (const check of waiting) {
      check();
    }
  }

  function found(counts: (pod: SeenPod) => boolean, waitMs: number): Promise<readonly SeenPod[]> {
    const { promise, resolve } = Promise.withResolvers<readonly SeenPod[]>();
    const counting = (): readonly SeenPod[] => [...pods.values()].filter((pod) => counts(pod));
    const check = (): void => {
      if (counting().length > 0) {
        end();
      }
    };
    const timer = setTimeout(end, waitMs);
    function end(): void {
      clearTimeout(timer);
      waiting.delete(check);
      resolve(counting());
    }
    waiting.add(check);
    check();
    return promise;
  }
}
