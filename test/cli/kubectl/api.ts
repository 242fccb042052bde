// An API server with a few objects over real HTTP, and its kubeconfig.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ServerResponse } from 'node:http';
import {
  faultServer,
  line,
  json,
  status,
  type FaultServer,
  type Handler,
  type Seen,
} from '../../cluster/fault-server.ts';

export interface Answers {
  nodes?: readonly object[];
  pods?: readonly object[];
  /** The ConfigMap's data; undefined: there is none. */
  policy?: Readonly<Record<string, string>> | undefined;
  daemonSets?: readonly object[];
  lease?: object;
  /** Handlers for single paths, in place of the usual answer. */
  other?: Readonly<Record<string, Handler>>;
}

export interface Api extends AsyncDisposable {
  readonly server: FaultServer;
  readonly kubeconfig: string;
  /** Requests that wrote something. */
  writes(): readonly Seen[];
  /** Sends an object to all watches of this collection. */
  emit(collection: string, object: object, type?: 'MODIFIED' | 'DELETED'): void;
}

const NAMESPACE = '/api/v1/namespaces/kubelet-sysctl-agent';
const notFound = json(404, status(404, 'NotFound', 'not found'));

/** Serves `answers`, which may be changed while it runs. */
export async function api(answers: Answers): Promise<Api> {
  const server = await faultServer();
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-test-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigText(server.url.href));
  const watchers = new Map<string, ServerResponse[]>();
  const watch: Handler = (response, { path }) => {
    watchers.set(path, [...(watchers.get(path) ?? []), response]);
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  };
  server.answer((response, seen) => {
    const handler = seen.query.has('watch') ? watch : handlerFor(answers, seen);
    handler(response, seen);
  });
  return {
    server,
    kubeconfig,
    writes: () => server.seen.filter(({ method }) => method !== 'GET'),
    emit(collection, object, type = 'MODIFIED') {
      for (const response of watchers.get(collection) ?? []) response.write(line({ type, object }));
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function kubeconfigText(
  server: string,
  user: object = { token: 'secret' },
  cluster: object = {},
): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'test', user: 'me' } }],
    'current-context': 'here',
  });
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kubelet-sysctl-agent/leases';

function handlerFor(answers: Answers, { method, path, body }: Seen): Handler {
  const other = answers.other?.[`${method} ${path}`] ?? answers.other?.[path];
  if (other !== undefined) return other;
  if (method === 'PATCH') return json(200, { metadata: { resourceVersion: '2' }, ...JSON.parse(body) });
  switch (path) {
    case '/api/v1/nodes':
      return list('NodeList', answers.nodes ?? []);
    case '/api/v1/pods':
    case `${NAMESPACE}/pods`:
      return list('PodList', answers.pods ?? []);
    case `${NAMESPACE}/configmaps`:
      return list('ConfigMapList', answers.policy === undefined ? [] : [configMap(answers.policy)]);
    case LEASES:
      return list('LeaseList', answers.lease === undefined ? [] : [answers.lease]);
    case `${NAMESPACE}/configmaps/kubelet-sysctls`:
      return answers.policy === undefined ? notFound : json(200, configMap(answers.policy));
    case '/apis/apps/v1/namespaces/kubelet-sysctl-agent/daemonsets':
      return list('DaemonSetList', answers.daemonSets ?? []);
    case `${LEASES}/kubelet-sysctls-coordinator`:
      return answers.lease === undefined ? notFound : json(200, answers.lease);
    default: {
      const node = answers.nodes?.find((one) => path === `/api/v1/nodes/${nameOf(one)}`);
      return node === undefined ? notFound : json(200, node);
    }
  }
}

function list(kind: string, items: readonly object[]): Handler {
  return json(200, { kind, apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });
}

function nameOf(object: object): string {
  return 'metadata' in object && object.metadata !== null && typeof object.metadata === 'object'
    ? String(Reflect.get(object.metadata, 'name'))
    : '';
}

export function configMap(data: Readonly<Record<string, string>>): object {
  return {
    metadata: { name: 'kubelet-sysctls', namespace: 'kubelet-sysctl-agent', uid: 'cm', resourceVersion: '1' },
    data,
  };
}

/** A coordinator that leads now. */
export const LEADING = {
  metadata: { name: 'kubelet-sysctls-coordinator', resourceVersion: '1' },
  spec: {
    holderIdentity: 'kubelet-sysctl-coordinator-1_some-uuid',
    leaseDurationSeconds: 15,
    renewTime: new Date().toISOString(),
  },
};

/** Agents that wait for approvals. */
export const AGENTS = {
  metadata: { name: 'kubelet-sysctl-agent' },
  spec: {
    template: {
      spec: { containers: [{ name: 'agent', env: [{ name: 'WAIT_FOR_APPROVAL', value: 'true' }] }] },
    },
  },
};
