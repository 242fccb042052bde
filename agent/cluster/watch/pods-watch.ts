// One node's pods, followed while its kubelet is restarted.

import type { PodsWatch, SeenPod } from '../../node/ports.ts';
import { parseSeenPod, uidOf } from '../objects/parse.ts';
import type { Transport } from '../http/transport.ts';
import { watchCollection } from './watch-collection.ts';
import type { WatchOptions } from './watch-loop.ts';

export interface PodsWatchOptions extends Pick<WatchOptions, 'onFault' | 'onUnreadable' | 'random'> {
  readonly transport: Pick<Transport, 'read' | 'stream'>;
  readonly nodeName: string;
}

/** A soak is seconds long: who comes back late has missed it. */
const BACKOFF = { minMs: 100, maxMs: 1000 };

/**
 * Follows the pods that have not succeeded from now on until stopped, whatever becomes of the connection. It lists first, as a
 * kubelet does: to a watch that begins without a version the API server sends what is there by looking at every pod of the cluster.
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
    for (const look of waiting) {
      look();
    }
  }

  function found(counts: (pod: SeenPod) => boolean, waitMs: number): Promise<readonly SeenPod[]> {
    const { promise, resolve } = Promise.withResolvers<readonly SeenPod[]>();
    const counting = (): readonly SeenPod[] => [...pods.values()].filter((pod) => counts(pod));
    const look = (): void => {
      if (counting().length > 0) {
        end();
      }
    };
    const timer = setTimeout(end, waitMs);
    function end(): void {
      clearTimeout(timer);
      waiting.delete(look);
      resolve(counting());
    }
    waiting.add(look);
    look();
    return promise;
  }
}
