// Builds Events for `kubectl describe` and `kubectl get events`.

import type { CoreV1Event, V1ObjectReference } from '@kubernetes/client-node';
import { createHash } from 'node:crypto';
import type { NodeObject, RefusedPod } from '../../node/ports.ts';
import { shorten } from '../../report/shorten.ts';
import { COMPONENT } from '../../names.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import type { EventDraft } from '../../report/event-draft.ts';

/** The limit of events.k8s.io (pkg/apis/core/validation/events.go NoteLengthLimit). */
const MAX_MESSAGE_BYTES = 1024;
/** A name has at most 253 characters: this leaves room for a dot and the hash. */
const MAX_NAME_PREFIX = 230;
const HOUR_MS = 3_600_000;

/** An Event on a Node. Events of objects without a namespace belong in `default` (events.go legacyValidateEvent). */
export function nodeEvent(node: NodeObject, note: EventDraft, at: Date): CoreV1Event {
  const involvedObject = { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid };
  const name = eventName(node.name, [node.uid, note.reason, note.message, at.toISOString()]);
  return {
    ...eventOf(involvedObject, note, at),
    metadata: { name, namespace: 'default' },
    source: { component: COMPONENT, host: node.name },
    reportingInstance: node.name,
  };
}

/**
 * An Event on a pod that the kubelet of this node refused. Its name derives from the pod's owner and the hour: a thousand refused pods of
 * one owner, on any nodes, create one Event.
 */
export function refusedPodEvent(pod: RefusedPod, nodeName: string, note: EventDraft, at: Date): CoreV1Event {
  const { uid, namespace, name } = pod;
  const hour = Math.floor(at.getTime() / HOUR_MS);
  return {
    ...eventOf({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid }, note, at),
    metadata: { name: eventName('refused', [pod.owner, note.reason, String(hour)]), namespace },
    source: { component: COMPONENT, host: nodeName },
    reportingInstance: nodeName,
  };
}

/**
 * An Event on the policy's ConfigMap, or on its absence, reported by `component`. It contains nothing specific to a node, and its name
 * derives from the ConfigMap's revision and the message: a thousand nodes with the same message create one Event. Without a ConfigMap,
 * the hour replaces the revision.
 */
export function configMapEvent(
  at: Date,
  place: { readonly namespace: string; readonly name: string },
  configMap: ConfigMapObject | undefined,
  note: EventDraft,
  component = COMPONENT,
): CoreV1Event {
  const hour = Math.floor(at.getTime() / HOUR_MS);
  const revision = configMap ? [configMap.uid, configMap.resourceVersion] : ['missing', String(hour)];
  const involvedObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: place.namespace,
    name: place.name,
    ...(configMap && { uid: configMap.uid, resourceVersion: configMap.resourceVersion }),
  };
  return {
    ...eventOf(involvedObject, note, at),
    reportingComponent: component,
    metadata: {
      name: eventName(place.name, [...revision, note.reason, note.message]),
      namespace: place.namespace,
    },
    source: { component },
    reportingInstance: component,
  };
}

function eventOf(
  involvedObject: V1ObjectReference,
  note: EventDraft,
  at: Date,
): Omit<CoreV1Event, 'metadata'> {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject,
    type: note.type,
    reason: note.reason,
    message: shorten(note.message, MAX_MESSAGE_BYTES),
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    reportingComponent: COMPONENT,
  };
}

/** A DNS subdomain that begins with the object's name and ends with a hash of `parts`. */
function eventName(object: string, parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return `${object.slice(0, MAX_NAME_PREFIX).replace(/[^a-z0-9]+$/, '')}.${hash}`;
}
