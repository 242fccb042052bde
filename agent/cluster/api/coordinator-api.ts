// Implements the coordinator's FleetCluster port with the Kubernetes API.

import { INPUT_KEYS, LISTS_NAME, STATUS_NAME, COORDINATOR } from '../../names.ts';
import { type FleetCluster, keeping, type SeenNode, type StatusObject } from '../../rollout/ports.ts';
import { isNotFound } from '../http/errors.ts';
import { configMapEvent } from '../objects/events.ts';
import { objectAt } from '../http/json.ts';
import { approvedAt, parseFleetNode } from '../objects/fleet-node.ts';
import { JSON_PATCH, MERGE_PATCH, METADATA_ONLY } from '../http/media-types.ts';
import { createPool } from '../objects/pool.ts';
import { parseConfigMap } from '../objects/parse.ts';
import { orConflict } from './conflict.ts';
import { postEvent } from '../objects/post-event.ts';
import type { Transport } from '../http/transport.ts';
import { watchCollection } from '../watch/watch-collection.ts';
import { loggedFaults } from '../watch/watch-faults.ts';
import type { Watch, WatchOptions } from '../watch/watch-loop.ts';
import { watchObject } from '../watch/watch-object.ts';
import { versionOf } from '../http/version.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import type { AgentLog } from '../../report/log.ts';

export interface FleetOptions {
  readonly transport: Transport;
  /** The namespace of the coordinator, of the policy's ConfigMap and of the status. */
  readonly namespace: string;
  readonly configMapName: string;
  /** Logs faults of watches. Default: none. */
  readonly log?: Pick<AgentLog, 'warn'>;
  readonly now?: () => Date;
  /** In [0, 1): jitter of the watches. */
  readonly random?: () => number;
}

type Listeners = Pick<WatchOptions, 'onError' | 'onRecovered'>;

export interface FleetChanges {
  /** Returns the Node as it was seen last. */
  readonly known: (name: string) => SeenNode | undefined;
  readonly onListing: () => void;
  readonly onList: (nodes: ReadonlyMap<string, SeenNode>) => boolean;
  readonly onChanged: (node: SeenNode) => void;
  readonly onDeleted: (name: string) => void;
}

/** The FleetCluster port, and watches of the objects that trigger the coordinator. */
export interface WatchedFleet extends FleetCluster {
  watchNodes(changes: FleetChanges, listeners?: Listeners): Watch;
  watchConfigMap(onChange: (configMap: ConfigMapObject | undefined) => void, listeners?: Listeners): Watch;
}

/** Timeout of a write: it ends well before another coordinator can become the leader, even if it began at the end of this leader's term. */
const WRITE_MS = 4000;

/** Nodes in a page of their list: some megabytes. Each page has the timeout of a list, which 65,000 Nodes in one answer would exceed. */
const LIST_PAGE = 500;

/** The API for the coordinator. Writes of a Node or of the status reject with a ConflictError when the object was changed since it was seen. */
export function createFleet(options: FleetOptions): WatchedFleet {
  const { transport, configMapName } = options;
  const pooled = createPool();
  const now = options.now ?? (() => new Date());
  const watching = { ...loggedFaults(options.log), ...(options.random && { random: options.random }) };
  const configMaps = `/api/v1/namespaces/${encodeURIComponent(options.namespace)}/configmaps`;
  const write = { query: { fieldManager: COORDINATOR }, timeoutMs: WRITE_MS };

  return {
    async approve(seen, revision) {
      const { resourceVersion } = seen;
      const annotations = { [INPUT_KEYS.approvedRevision]: revision ?? null };
      const metadata = await patchNode(seen, MERGE_PATCH, { metadata: { resourceVersion, annotations } });
      const node = { ...seen.node, approvedRevision: revision, approvedAt: approvedAt(metadata) };
      return { ...seen, node, resourceVersion: versionOf({ metadata }) };
    },

    async untaint(seen) {
      if (seen.taint === undefined) {
        return seen;
      }
      const path = `/spec/taints/${seen.taint.index}`;
      const metadata = await patchNode(seen, JSON_PATCH, [
        { op: 'test', path: '/metadata/resourceVersion', value: seen.resourceVersion },
        { op: 'test', path, value: seen.taint.value },
        { op: 'remove', path },
      ]);
      const node = { ...seen.node, joining: false };
      return { node, taint: undefined, resourceVersion: versionOf({ metadata }) };
    },

    readStatus: () => readConfigMap(STATUS_NAME),
    writeStatus: (seen, data) => writeConfigMap(STATUS_NAME, seen, data),
    readLists: () => readConfigMap(LISTS_NAME),
    writeLists: (seen, data) => writeConfigMap(LISTS_NAME, seen, data),

    policyEvent: (configMap, note) =>
      postEvent(transport, configMapEvent(now(), configMap, configMap, note, COORDINATOR), write),

    watchNodes: (changes, listeners) =>
      watchCollection({
        transport,
        path: '/api/v1/nodes',
        pageSize: LIST_PAGE,
        // Of a list of the same Nodes nothing is kept but their versions.
        parse(object) {
          const seen = parseFleetNode(object, pooled);
          return keeping(changes.known(seen.node.name), seen);
        },
        onListing: changes.onListing,
        onList: changes.onList,
        onChanged: (_name, node) => changes.onChanged(node),
        onDeleted: changes.onDeleted,
        ...listeners,
        ...watching,
      }),

    watchConfigMap: (onChange, listeners) =>
      watchObject({
        transport,
        path: configMaps,
        name: configMapName,
        parse: parseConfigMap,
        onChange,
        ...listeners,
        ...watching,
      }),
  };

  /** Patches the Node and resolves with its new metadata. Rejects with a ConflictError when the Node was changed since `seen`. */
  async function patchNode(seen: SeenNode, contentType: string, body: unknown) {
    const answer = await orConflict(() =>
      transport.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${encodeURIComponent(seen.node.name)}`,
        contentType,
        accept: METADATA_ONLY,
        body,
        ...write,
      }),
    );
    return objectAt(answer.body, 'metadata');
  }

  async function readConfigMap(name: string): Promise<StatusObject | undefined> {
    try {
      const answer = await transport.request({ method: 'GET', path: `${configMaps}/${name}` });
      return parseConfigMap(objectAt(answer.body));
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async function writeConfigMap(
    name: string,
    seen: StatusObject | undefined,
    data: Readonly<Record<string, string>>,
  ): Promise<StatusObject> {
    const metadata = { name, namespace: options.namespace };
    const answer = await orConflict(() =>
      seen === undefined
        ? transport.request({
            method: 'POST',
            path: configMaps,
            body: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
            ...write,
          })
        : transport.request({
            method: 'PATCH',
            path: `${configMaps}/${name}`,
            contentType: MERGE_PATCH,
            body: { metadata: { resourceVersion: seen.resourceVersion }, data },
            ...write,
          }),
    );
    return parseConfigMap(objectAt(answer.body)) satisfies StatusObject;
  }
}
