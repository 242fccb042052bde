// Watches the pods of one node that its kubelet refused for a sysctl.

import { FORBIDDEN } from '../../names.ts';
import type { RefusedPod } from '../../node/ports.ts';
import type { Transport } from '../http/transport.ts';
import { parseRefusedPod, uidOf } from '../objects/parse.ts';
import { watchCollection } from './watch-collection.ts';
import type { Watch, WatchOptions } from './watch-loop.ts';

export interface RefusedPodsWatchOptions extends Pick<WatchOptions, 'onFault' | 'onUnreadable' | 'random'> {
  readonly transport: Pick<Transport, 'read' | 'stream'>;
  readonly nodeName: string;
  /** Called for every refused pod that is listed, and for each that is refused later. */
  readonly onRefused: (pod: RefusedPod) => void;
}

/**
 * Watches the Failed pods of the node until stopped: pods that run bring no event, so it is silent on a healthy node. Keeps nothing but
 * the UIDs of those refused for a sysctl.
 */
export function watchRefusedPods({
  transport,
  nodeName,
  onRefused,
  ...watching
}: RefusedPodsWatchOptions): Watch {
  let known = new Set<string>();

  /** Returns whether the pod is refused and was not known. */
  function takeIn(pod: RefusedPod | undefined): boolean {
    if (pod === undefined || known.has(pod.uid)) {
      return false;
    }
    known.add(pod.uid);
    onRefused(pod);
    return true;
  }

  return watchCollection({
    transport,
    path: '/api/v1/pods',
    query: { fieldSelector: `spec.nodeName=${nodeName},status.phase=Failed` },
    listsFromCache: true,
    containing: [`"${FORBIDDEN}"`],
    keyOf: uidOf,
    parse: parseRefusedPod,
    onList(listed) {
      known = new Set([...known].filter((uid) => listed.has(uid)));
      return [...listed.values()].map((pod) => takeIn(pod)).includes(true);
    },
    onChanged: (_uid, pod) => void takeIn(pod),
    onDeleted: (uid) => void known.delete(uid),
    ...watching,
  });
}
