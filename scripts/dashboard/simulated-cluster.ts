// An API server over HTTP that has a simulated fleet, and a kubeconfig for it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { objectAt, stringMapAt } from '../../agent/cluster/http/json.ts';
import { AGENTS, CONFIG_MAP, LEASE, NAMESPACE } from '../../agent/names.ts';
import { simulatedFleet, type FleetOptions, type SimulatedFleet } from './simulated-fleet.ts';

export interface SimulatedCluster extends AsyncDisposable {
  /** The path of a kubeconfig. */
  readonly kubeconfig: string;
  readonly fleet: SimulatedFleet;
  setPolicy(data: Readonly<Record<string, string>>): void;
  /** Plays a round every so many milliseconds until it is disposed. */
  play(everyMs: number): void;
  /** Closes the port and every connection, or opens the port again. */
  setAway(isAway: boolean): Promise<void>;
}

const [CONFIG_MAPS, LEASES, NODES] = [
  `/api/v1/namespaces/${NAMESPACE}/configmaps`,
  `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`,
  '/api/v1/nodes',
];
const DAEMON_SETS = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets`;

/** Starts the API server on 127.0.0.1. */
export async function simulatedCluster(options: Omit<FleetOptions, 'onNode'>): Promise<SimulatedCluster> {
  const watches = new Map<string, Set<ServerResponse>>();
  const fleet = simulatedFleet({ ...options, onNode: (object) => emit(NODES, object) });
  const server = createServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  const port = await listen(server, 0);
  const folder = await mkdtemp(join(tmpdir(), 'simulated-cluster-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigText(`http://127.0.0.1:${port}`));
  let timer: NodeJS.Timeout | undefined;

  return {
    kubeconfig,
    fleet,
    setPolicy,
    play(everyMs) {
      timer = setInterval(() => {
        fleet.step(new Date());
        emit(LEASES, leaseObject());
      }, everyMs);
    },
    async setAway(isAway) {
      if (isAway) await close(server);
      else await listen(server, port);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await close(server);
      await rm(folder, { recursive: true });
    },
  };

  function setPolicy(data: Readonly<Record<string, string>>): void {
    fleet.setPolicy(data);
    emit(CONFIG_MAPS, configMap());
  }

  function emit(path: string, object: object): void {
    const text = `${JSON.stringify({ type: 'MODIFIED', object })}\n`;
    for (const response of watches.get(path) ?? []) response.write(text);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://any');
    if (query.has('watch')) return watch(path, Number(query.get('resourceVersion')), response);
    if (request.method === 'PATCH')
      return patch(path, objectAt(JSON.parse((await buffer(request)).toString())), response);
    const items = listAt(path);
    if (items !== undefined) return send(response, 200, listOf(items));
    const object = objectWith(path);
    if (object === undefined)
      send(response, 404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'not found' });
    else send(response, 200, object);
  }

  function watch(path: string, from: number, response: ServerResponse): void {
    const set = watches.get(path) ?? new Set();
    watches.set(path, set.add(response));
    response.once('close', () => set.delete(response));
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (path !== NODES) return;
    for (const object of fleet.objects(from))
      response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  }

  function patch(path: string, body: ReturnType<typeof objectAt>, response: ServerResponse): void {
    if (path === `${CONFIG_MAPS}/${CONFIG_MAP}`) {
      setPolicy(merged(fleet.data, objectAt(body, 'data')));
    } else {
      fleet.annotate(path.slice(NODES.length + 1), nullable(objectAt(body, 'metadata', 'annotations')));
    }
    send(response, 200, objectWith(path) ?? {});
  }

  function listAt(path: string): readonly object[] | undefined {
    switch (path) {
      case NODES:
        return fleet.objects();
      case CONFIG_MAPS:
        return [configMap()];
      case LEASES:
        return [leaseObject()];
      case DAEMON_SETS:
        return [DAEMON_SET];
      case '/api/v1/pods':
        return [];
      default:
        return undefined;
    }
  }

  function objectWith(path: string): object | undefined {
    if (path === `${CONFIG_MAPS}/${CONFIG_MAP}`) return configMap();
    if (path === `${LEASES}/${LEASE}`) return leaseObject();
    return path.startsWith(`${NODES}/`) ? fleet.object(path.slice(NODES.length + 1)) : undefined;
  }

  function listOf(items: readonly object[]): object {
    return { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: String(fleet.version()) }, items };
  }

  function configMap(): object {
    return {
      metadata: {
        name: CONFIG_MAP,
        namespace: NAMESPACE,
        uid: 'uid',
        resourceVersion: String(fleet.version()),
      },
      data: fleet.data,
    };
  }
}

/** Returns the data after a merge patch. */
function merged(data: Readonly<Record<string, string>>, patch: object): Readonly<Record<string, string>> {
  const next = Object.entries({ ...data, ...nullable(patch) }).filter(([, value]) => value !== null);
  return stringMapAt({ next: Object.fromEntries(next) }, 'next');
}

function nullable(patch: object): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'string' ? value : null,
    ]),
  );
}

function leaseObject(): object {
  return {
    metadata: { name: LEASE, namespace: NAMESPACE, uid: 'uid', resourceVersion: '1' },
    spec: {
      holderIdentity: 'kubelet-sysctl-coordinator-5d8f_1',
      leaseDurationSeconds: 15,
      renewTime: new Date().toISOString(),
    },
  };
}

const DAEMON_SET = {
  metadata: { name: 'kubelet-sysctl-agent', labels: { [AGENTS.split('=')[0] ?? '']: AGENTS.split('=')[1] } },
  spec: {
    template: {
      spec: { containers: [{ name: 'agent', env: [{ name: 'WAIT_FOR_APPROVAL', value: 'true' }] }] },
    },
  },
};

function kubeconfigText(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'simulated', cluster: { server } }],
    users: [{ name: 'me', user: { token: 'simulated' } }],
    contexts: [{ name: 'production', context: { cluster: 'simulated', user: 'me' } }],
    'current-context': 'production',
  });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
