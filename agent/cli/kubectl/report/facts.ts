// What of the cluster's objects a report shows: of each object the fields that explain a rollout, and no others. Pure.

import { objectAt, objectsAt, stringAt, stringMapAt, type JsonObject } from '../../../cluster/http/json.ts';
import { AGENTS, COORDINATOR, KEY_PREFIX, KEYS } from '../../../names.ts';
import { SETTING_KEYS } from '../../../policy/settings.ts';

/** Returns a Node's report: our annotations, labels and taints, our conditions and Ready, and its versions. */
export function nodeFacts(node: JsonObject): object {
  const metadata = objectAt(node, 'metadata');
  const info = objectAt(node, 'status', 'nodeInfo');
  const names = ['kubeletVersion', 'kernelVersion', 'osImage', 'containerRuntimeVersion', 'architecture'];
  return {
    name: stringAt(metadata, 'name'),
    annotations: oursOf(stringMapAt(metadata, 'annotations')),
    labels: oursOf(stringMapAt(metadata, 'labels')),
    taints: objectsAt(objectAt(node, 'spec'), 'taints')
      .map((taint) => stringAt(taint, 'key') ?? '')
      .filter((key) => key.startsWith(KEY_PREFIX)),
    conditions: objectsAt(objectAt(node, 'status'), 'conditions').filter((condition) => {
      const type = stringAt(condition, 'type') ?? '';
      return type === 'Ready' || /sysctl/iu.test(type);
    }),
    versions: Object.fromEntries(names.map((name) => [name, stringAt(info, name)])),
  };
}

function oursOf(texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => key.startsWith(KEY_PREFIX)));
}

const POLICY_KEYS: readonly string[] = ['allowedUnsafeSysctls', 'profiles', ...SETTING_KEYS];

/** Returns a policy's known keys; of others only the names, since their values may be anything. */
export function policyFacts(configMap: JsonObject): object {
  const data = stringMapAt(configMap, 'data');
  return {
    resourceVersion: stringAt(objectAt(configMap, 'metadata'), 'resourceVersion'),
    data: Object.fromEntries(Object.entries(data).filter(([key]) => POLICY_KEYS.includes(key))),
    otherKeys: Object.keys(data).filter((key) => !POLICY_KEYS.includes(key)),
  };
}

/** Returns the status as the coordinator wrote it. */
export function statusFacts(configMap: JsonObject): object {
  return { data: stringMapAt(configMap, 'data') };
}

/** Returns how one of our pods runs. */
export function podFacts(pod: JsonObject): object {
  const status = objectAt(pod, 'status');
  return {
    name: podName(pod),
    node: nodeOf(pod),
    phase: stringAt(status, 'phase'),
    reason: stringAt(status, 'reason'),
    startTime: stringAt(status, 'startTime'),
    images: objectsAt(objectAt(pod, 'spec'), 'containers').map((container) => stringAt(container, 'image')),
    containers: objectsAt(status, 'containerStatuses').map((container) => ({
      name: stringAt(container, 'name'),
      ready: container['ready'],
      restartCount: container['restartCount'],
      lastState: objectAt(container, 'lastState'),
    })),
  };
}

export function podName(pod: JsonObject): string {
  return stringAt(objectAt(pod, 'metadata'), 'name') ?? '';
}

export function nodeOf(pod: JsonObject): string {
  return stringAt(objectAt(pod, 'spec'), 'nodeName') ?? '';
}

/** Whether a pod is an agent or a coordinator. */
export function isOurs(pod: JsonObject): boolean {
  return isCoordinator(pod) || appOf(pod) === AGENTS.split('=')[1];
}

export function isCoordinator(pod: JsonObject): boolean {
  return appOf(pod) === COORDINATOR;
}

function appOf(pod: JsonObject): string | undefined {
  return stringMapAt(objectAt(pod, 'metadata'), 'labels')['app.kubernetes.io/name'];
}

/** Whether an agent reports a state that a person asks about. */
export function isOdd(node: JsonObject): boolean {
  const state = stringMapAt(objectAt(node, 'metadata'), 'annotations')[KEYS.state];
  return state !== undefined && state !== 'Done';
}

/** Returns an Event without its object's ids. */
export function eventFacts(event: JsonObject): object {
  const about = objectAt(event, 'involvedObject');
  return {
    at: eventAt(event),
    type: stringAt(event, 'type'),
    reason: stringAt(event, 'reason'),
    about: `${stringAt(about, 'kind')} ${stringAt(about, 'name')}`,
    message: stringAt(event, 'message'),
    count: event['count'],
    component: stringAt(objectAt(event, 'source'), 'component') ?? stringAt(event, 'reportingComponent'),
  };
}

export function eventAt(event: JsonObject): string {
  return (
    stringAt(event, 'lastTimestamp') ??
    stringAt(event, 'eventTime') ??
    stringAt(objectAt(event, 'metadata'), 'creationTimestamp') ??
    ''
  );
}
