// Implements the agent's Cluster port with the Kubernetes API.

import type { CoreV1Event } from '@kubernetes/client-node';
import type { Cluster, NodeObject, Readiness, RefusedPod } from '../../node/ports.ts';
import type { SysctlPod } from '../../plan/in-use.ts';
import { configMapEvent, nodeEvent, refusedPodEvent } from '../objects/events.ts';
import { objectsOf } from '../watch/list-items.ts';
import { MERGE_PATCH, METADATA_ONLY } from '../http/media-types.ts';
import { noteMemory, type NoteMemory } from '../objects/event-dedup.ts';
import { parseConfigMap, parseNode, parseReadiness } from '../objects/parse.ts';
import { watchPods } from '../watch/pods-watch.ts';
import { watchRefusedPods } from '../watch/refused-pods-watch.ts';
import { postEvent } from '../objects/post-event.ts';
import { sysctlPodsOf } from '../watch/sysctl-pods.ts';
import type { Transport } from '../http/transport.ts';
import { loggedFaults } from '../watch/watch-faults.ts';
import type { Watch } from '../watch/watch-loop.ts';
import { watchObject, type ObjectWatchOptions } from '../watch/watch-object.ts';
import { COMPONENT } from '../../names.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import type { EventDraft } from '../../report/event-draft.ts';
import type { AgentLog } from '../../report/log.ts';

export interface ClusterOptions {
  readonly transport: Transport;
  readonly nodeName: string;
  /** The namespace of the policy's ConfigMap and of the agent. */
  readonly namespace: string;
  readonly configMapName: string;
  /** Logs faults of watches. Default: none. */
  readonly log?: Pick<AgentLog, 'warn'>;
  readonly now?: () => Date;
  /** In [0, 1): jitter, so that a fleet's agents do not act at the same time. */
  readonly random?: () => number;
  /** Called repeatedly while a long response is read, to free its buffers. */
  readonly collectGarbage?: () => void;
}

type Follow<T> = (
  onChange: ObjectWatchOptions<T>['onChange'],
  listeners?: Pick<ObjectWatchOptions<T>, 'onError' | 'onRecovered'>,
) => Watch;

/** The Cluster port, and watches of the two objects that trigger the agent. */
export interface WatchedCluster extends Cluster {
  /** Watches the agent's own Node. */
  readonly watchNode: Follow<NodeObject>;
  /** Watches the policy's ConfigMap. */
  readonly watchConfigMap: Follow<ConfigMapObject>;
  /** Watches the pods that this node's kubelet refuses for a sysctl. */
  watchRefusedPods(onRefused: (pod: RefusedPod) => void): Watch;
  /** Posts an Event on a refused pod: one for each owner and hour. */
  podEvent(pod: RefusedPod, note: EventDraft): Promise<void>;
}

/** Short, since a change waits for the response. */
const PODS_MS = 10_000;
const COLLECT_AFTER_BYTES = 256 * 1024;

const REMEMBERED_NOTES = 50;
const NOTE_MEMORY_MS = 3_600_000;

/** The API for the agent of node `nodeName`. Posts identical Events once an hour, and at most 50 different ones an hour for each object. */
export function createCluster(options: ClusterOptions): WatchedCluster {
  const { transport, nodeName, configMapName } = options;
  const now = options.now ?? (() => new Date());
  const memory = (): NoteMemory => noteMemory(REMEMBERED_NOTES, NOTE_MEMORY_MS, () => now().getTime());
  // A limit each: a ConfigMap that is edited frequently must not use up the Events of the Node.
  const sentEvents = { node: memory(), configMap: memory(), pod: memory() };
  const node = encodeURIComponent(nodeName);
  const namespace = encodeURIComponent(options.namespace);
  const watching = { ...loggedFaults(options.log), ...(options.random && { random: options.random }) };
  let seenReadiness: Readiness | undefined;

  return {
    async patchNode({ annotations, labels }) {
      await transport.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${node}`,
        query: { fieldManager: COMPONENT },
        contentType: MERGE_PATCH,
        accept: METADATA_ONLY,
        body: {
          metadata: {
            ...(Object.keys(annotations).length > 0 && { annotations }),
            ...(Object.keys(labels).length > 0 && { labels }),
          },
        },
      });
    },

    watchPods: () => watchPods({ transport: collecting(), nodeName, ...watching }),

    async sysctlPods({ latest }) {
      const answer = transport.read({
        method: 'GET',
        path: '/api/v1/pods',
        query: {
          fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded,status.phase!=Failed`,
          // The API server's cache has an index of pods by node; from etcd it may have to read the pods of all nodes.
          ...(!latest && { resourceVersion: '0' }),
        },
        timeoutMs: PODS_MS,
      });
      const pods: SysctlPod[] = [];
      for await (const { pod } of sysctlPodsOf(collected(answer), { withRequirements: true })) {
        pods.push(pod);
      }
      return pods;
    },

    seenReadiness: () => seenReadiness,

    async readiness() {
      const answer = transport.read({
        method: 'GET',
        path: '/api/v1/nodes',
        query: { fieldSelector: `metadata.name=${nodeName}`, resourceVersion: '0' },
        timeoutMs: PODS_MS,
      });
      for await (const object of objectsOf(collected(answer))) {
        return parseReadiness(object);
      }
      return undefined;
    },

    async nodeEvent(object, note) {
      await postOnce(
        sentEvents.node,
        [object.uid, note.reason, note.message],
        nodeEvent(object, note, now()),
      );
    },

    async configMapEvent(configMap, note) {
      const place = { namespace: options.namespace, name: configMapName };
      const event = configMapEvent(now(), place, configMap, note);
      await postOnce(sentEvents.configMap, [event.metadata.name ?? ''], event);
    },

    async podEvent(pod, note) {
      await postOnce(sentEvents.pod, [pod.owner], refusedPodEvent(pod, nodeName, note, now()));
    },

    watchRefusedPods: (onRefused) =>
      watchRefusedPods({ transport: collecting(), nodeName, onRefused, ...watching }),

    watchNode: (onChange, listeners) =>
      watchObject({
        transport,
        path: '/api/v1/nodes',
        name: nodeName,
        parse: (object) => ({ node: parseNode(object), readiness: parseReadiness(object) }),
        onChange: (seen) => {
          seenReadiness = seen?.readiness;
          onChange(seen?.node);
        },
        ...listeners,
        ...watching,
      }),

    watchConfigMap: (onChange, listeners) =>
      watchObject({
        transport,
        path: `/api/v1/namespaces/${namespace}/configmaps`,
        name: configMapName,
        parse: parseConfigMap,
        onChange,
        ...listeners,
        ...watching,
      }),
  };

  function collecting(): Pick<Transport, 'read' | 'stream'> {
    return {
      read: (request) => collected(transport.read(request)),
      stream: (request) => transport.stream(request),
    };
  }

  /** Passes the chunks on and collects garbage: V8 counts only its own heap, while megabytes of read buffers accumulate outside it. */
  async function* collected(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.byteLength;
      if (bytes > COLLECT_AFTER_BYTES) {
        bytes = 0;
        options.collectGarbage?.();
      }
    }
    options.collectGarbage?.();
  }

  async function postOnce(notes: NoteMemory, parts: readonly string[], event: CoreV1Event): Promise<void> {
    const key = JSON.stringify(parts);
    if (!notes.claim(key)) {
      return;
    }
    try {
      await postEvent(transport, event);
    } catch (error) {
      notes.release(key);
      throw error;
    }
  }
}
