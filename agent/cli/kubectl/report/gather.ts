// Reads what a report holds, as far as the user may.

import { isNotFound, ApiError } from '../../../cluster/http/errors.ts';
import { objectAt, stringAt, type JsonObject } from '../../../cluster/http/json.ts';
import { objectsOf } from '../../../cluster/watch/list-items.ts';
import { COMPONENT, CONFIG_MAP, COORDINATOR, STATUS_NAME } from '../../../names.ts';
import { readOr, type Unread } from '../cluster/unread.ts';
import type { Session } from '../session.ts';
import { eventAt, isCoordinator, isOdd, isOurs, nodeOf, podName } from './facts.ts';
import { LIMITS } from './limits.ts';

export interface Gathered {
  readonly nodes: readonly JsonObject[];
  readonly policy: JsonObject | undefined;
  readonly status: JsonObject | undefined;
  readonly pods: readonly JsonObject[];
  /** Newest first. */
  readonly events: readonly JsonObject[];
  readonly logs: readonly { readonly pod: string; readonly text: string }[];
  /** Our pods without a log here: beyond the limit. */
  readonly podsWithoutLog: number;
  readonly unread: readonly Unread[];
}

/** Reads everything; what the user may not read is in `unread`. Rejects when the API server does not answer. */
export async function gather(session: Session): Promise<Gathered> {
  const unread: Unread[] = [];
  const { namespace } = session.place;
  const or = <T>(what: string, reading: Promise<T>): Promise<T | undefined> =>
    readOr(session, { what, unread }, reading);
  const [nodes = [], policy, status, all = [], events = [], nodeEvents = []] = await Promise.all([
    or('nodes', listed(session, '/api/v1/nodes', shownOf)),
    or('policy', one(session, CONFIG_MAP)),
    or('status', one(session, STATUS_NAME)),
    or('pods', listed(session, `${inNamespace(namespace)}/pods`)),
    or('events about the policy', listed(session, `${inNamespace(namespace)}/events`)),
    // Nodes have no namespace: Events about them are in this one.
    or('events about Nodes', listed(session, `${inNamespace('default')}/events`)),
  ]);
  const pods = all.filter(isOurs);
  const chosen = byNeed(pods, nodes).slice(0, LIMITS.logs);
  const logs = await or('logs', logsOf(session, chosen.map(podName)));
  return {
    nodes,
    policy,
    status,
    pods,
    events: [...events, ...nodeEvents]
      .filter(isOurEvent)
      .toSorted((first, second) => (eventAt(first) < eventAt(second) ? 1 : -1)),
    logs: logs ?? [],
    podsWithoutLog: pods.length - (logs?.length ?? 0),
    unread,
  };
}

/** The coordinators first, then the agents of nodes that are not Done. */
function byNeed(pods: readonly JsonObject[], nodes: readonly JsonObject[]): readonly JsonObject[] {
  const odd = new Set(nodes.filter(isOdd).map((node) => stringAt(objectAt(node, 'metadata'), 'name')));
  const rank = (pod: JsonObject): number => (isCoordinator(pod) ? 0 : odd.has(nodeOf(pod)) ? 1 : 2);
  return pods.toSorted((first, second) => rank(first) - rank(second));
}

function isOurEvent(event: JsonObject): boolean {
  const components: readonly unknown[] = [
    stringAt(objectAt(event, 'source'), 'component'),
    event['reportingComponent'],
  ];
  const about = stringAt(objectAt(event, 'involvedObject'), 'name') ?? '';
  return components.includes(COMPONENT) || components.includes(COORDINATOR) || about.startsWith(COMPONENT);
}

async function listed(
  { transport }: Session,
  path: string,
  pick: (object: JsonObject) => JsonObject = (object) => object,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const object of objectsOf(transport.read({ method: 'GET', path }))) found.push(pick(object));
  return found;
}

/** Without the images and managed fields, which would fill the memory with thousands of Nodes. */
function shownOf(node: JsonObject): JsonObject {
  const { name, annotations, labels } = objectAt(node, 'metadata');
  const { conditions, nodeInfo } = objectAt(node, 'status');
  const { taints } = objectAt(node, 'spec');
  return { metadata: { name, annotations, labels }, spec: { taints }, status: { conditions, nodeInfo } };
}

async function one({ transport, place }: Session, name: string): Promise<JsonObject | undefined> {
  const path = `${inNamespace(place.namespace)}/configmaps/${name}`;
  try {
    return objectAt((await transport.request({ method: 'GET', path })).body);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** One after the other: a kubelet answers each. A pod without a log says why. */
async function logsOf(session: Session, pods: readonly string[]): Promise<Gathered['logs']> {
  const logs: { pod: string; text: string }[] = [];
  for (const pod of pods) {
    logs.push({ pod, text: await logOf(session, pod) });
  }
  return logs;
}

async function logOf({ transport, place }: Session, pod: string): Promise<string> {
  const path = `${inNamespace(place.namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const query = { limitBytes: String(LIMITS.logBytes), tailLines: '1000', timestamps: 'true' };
  try {
    const parts: Uint8Array[] = [];
    for await (const part of transport.read({ method: 'GET', path, query, accept: '*/*' })) parts.push(part);
    return Buffer.concat(parts).subarray(0, LIMITS.logBytes).toString('utf8');
  } catch (error) {
    // A pod that has not started has none, and a kubelet may be away.
    if (error instanceof ApiError && error.status !== 401 && error.status !== 403)
      return `${error.message}\n`;
    throw error;
  }
}

function inNamespace(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
}
