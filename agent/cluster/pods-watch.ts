// One node's pods, followed while its restarted kubelet is watched.

import type { PodsWatch, SeenPod } from '../node/ports.ts';
import { follow, type NodeFollowOptions } from './follow.ts';
import { parseSeenPod } from './objects.ts';

/** Follows the pods that have not succeeded from now on until stopped, whatever becomes of the connection. */
export function watchPods({ nodeName, ...options }: NodeFollowOptions): PodsWatch {
  const pods = new Map<string, SeenPod>();
  const following = follow({
    ...options,
    path: '/api/v1/pods',
    fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded`,
    take(object) {
      const pod = parseSeenPod(object);
      pods.set(pod.uid, pod);
    },
  });
  return {
    async found(counts, waitMs) {
      const counting = (): readonly SeenPod[] => [...pods.values()].filter((pod) => counts(pod));
      return (await following.until(() => counting().length > 0, waitMs)) ? counting() : [];
    },
    stop: () => following.stop(),
  };
}
