// A synthetic cluster: the objects, the agents and the server in one process.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { stringAt, stringMapAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import { CONFIG_MAP, COORDINATOR, LEASE, NAMESPACE, STATUS_NAME } from '../../../../agent/names.ts';
import { parsePolicy } from '../../../../agent/policy/parse.ts';
import type { Policy } from '../../../../agent/policy/policy.ts';
import { objectAt } from '../../../../agent/cluster/http/json.ts';
import { desiredOn, simulateAgents, type Progress, type Timing } from './agents.ts';
import { type ApiOptions, createApiServer } from '../server/api-server.ts';
import { createCollection, versions } from '../server/collection.ts';
import { makeNodes } from './nodes.ts';
import { doneReport } from './reports.ts';

export interface SyntheticCluster extends Disposable {
  /** Does not listen yet. */
  readonly server: Server;
  /** Ends the coordinator's watch of the Nodes so that it has to list them. */
  expireNodes(): void;
  facts(): Facts;
}

/** What the server saw of the coordinators, and the agents' progress since the last edit. */
export interface Facts extends Progress {
  /** Counts by verb and resource: `patch nodes`. */
  readonly requests: Readonly<Record<string, number>>;
  /** HTTP bytes of the coordinators in both directions, without TLS. */
  readonly bytes: number;
  /** Epoch ms of each page of a list of the Nodes. */
  readonly listsAt: readonly number[];
  /** Epoch ms of the begin of the watch after the last page of the last of them; 0: none. */
  readonly listedAt: number;
  /** Epoch ms of each write of the status: a decision came before. */
  readonly statusesAt: readonly number[];
  /** Who holds the Lease; empty: no coordinator. */
  readonly leader: string;
}

export interface ClusterOptions extends Pick<ApiOptions, 'tls' | 'bookmarkMs'> {
  readonly nodes: number;
  /** Data of the policy's ConfigMap; every node is Done with it. */
  readonly data: Readonly<Record<string, string>>;
  readonly timing: Timing;
}

const LONG_AGO = new Date('2026-01-01T00:00:00Z');

/** Makes the nodes and the policy's ConfigMap. Throws when the data is not a valid policy. */
export function syntheticCluster({ nodes: count, data, timing, ...api }: ClusterOptions): SyntheticCluster {
  const counter = versions();
  const [nodes, configMaps, leases, events] = [1, 2, 3, 4].map(() => createCollection(counter));
  if (!nodes || !configMaps || !leases || !events) throw new Error('Expected four collections.');
  const first = policyOf(data);
  configMaps.put(CONFIG_MAP, {
    metadata: { name: CONFIG_MAP, namespace: NAMESPACE, uid: '0b6f4b1c-5a39-4f0a-9a55-6d1f0f0b7a11' },
    data,
  });
  makeNodes(nodes, count, (node) => doneReport(desiredOn(node, first), LONG_AGO));
  const agents = simulateAgents(nodes, first, timing);
  configMaps.watch(configMaps.version(), {
    changed({ object }) {
      if (stringAt(objectAt(object, 'metadata'), 'name') === CONFIG_MAP)
        agents.setPolicy(policyOf(stringMapAt(object, 'data')));
    },
  });
  const seen = observer();
  const resources = {
    nodes: { kind: 'Node', apiVersion: 'v1', objects: nodes },
    configmaps: { kind: 'ConfigMap', apiVersion: 'v1', objects: configMaps },
    leases: { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', objects: leases },
    events: { kind: 'Event', apiVersion: 'v1', objects: events },
  };
  return {
    server: createApiServer({ resources, onRequest: seen.note, ...api }),
    expireNodes: () => nodes.expire(),
    facts: () => ({ ...agents.progress(), ...seen.facts(), leader: holderOf(leases.get(LEASE)) }),
    [Symbol.dispose]: () => agents[Symbol.dispose](),
  };
}

function policyOf(data: Readonly<Record<string, string>>): Policy {
  const result = parsePolicy(data);
  if (!result.ok) throw new Error(`Expected a valid policy, got ${JSON.stringify(result.errors)}.`);
  return result.policy;
}

function holderOf(lease: JsonObject | undefined): string {
  return stringAt(objectAt(lease, 'spec'), 'holderIdentity') ?? '';
}

interface Observer {
  readonly note: ApiOptions['onRequest'];
  facts(): Pick<Facts, 'requests' | 'bytes' | 'listsAt' | 'listedAt' | 'statusesAt'>;
}

/** Counts what the coordinators ask. */
function observer(): Observer {
  const requests = new Map<string, number>();
  const open = new Set<Socket>();
  const [listsAt, statusesAt]: [number[], number[]] = [[], []];
  let closedBytes = 0;
  let listedAt = 0;
  let isListing = false;
  return {
    note({ verb, resource, name }, { socket, headers }) {
      if (headers['user-agent'] !== COORDINATOR) return;
      const kind = `${verb} ${resource}`;
      requests.set(kind, (requests.get(kind) ?? 0) + 1);
      if (kind === 'list nodes') {
        listsAt.push(Date.now());
        isListing = true;
      }
      if (kind === 'watch nodes' && isListing) {
        listedAt = Date.now();
        isListing = false;
      }
      if (kind === 'patch configmaps' && name === STATUS_NAME) statusesAt.push(Date.now());
      if (kind === 'create configmaps') statusesAt.push(Date.now());
      if (open.has(socket)) return;
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        closedBytes += bytesOf(socket);
      });
    },
    facts: () => ({
      requests: Object.fromEntries(requests),
      bytes: [...open].reduce((sum, socket) => sum + bytesOf(socket), closedBytes),
      listsAt,
      listedAt,
      statusesAt,
    }),
  };
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
