import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { coordinatorMetrics, type Exposition } from '../../../agent/cli/daemon/metrics.ts';
import { type MetricsServer, serveMetrics } from '../../../agent/cli/daemon/metrics-server.ts';
import { done } from '../../rollout/fleets.ts';
import { pictureOf } from '../../rollout/metrics/pictures.ts';

const HOST = '127.0.0.1';
const open: MetricsServer[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

interface Scene {
  readonly server: MetricsServer;
  readonly warnings: string[];
  /** Resolves with the answer to a request of this path. */
  readonly fetchPath: (path: string, method?: string) => Promise<Response>;
}

async function scene(exposition?: () => Promise<Exposition>, port = 0): Promise<Scene> {
  const metrics = coordinatorMetrics(() => true);
  metrics.observe(pictureOf([done('a')]));
  const warnings: string[] = [];
  const server = serveMetrics({
    port,
    host: HOST,
    exposition: exposition ?? (() => metrics.exposition()),
    log: { warn: (_facts, message) => warnings.push(message) },
  });
  open.push(server);
  const chosen = await server.port.catch(() => 0);
  return {
    server,
    warnings,
    fetchPath: (path, method = 'GET') => fetch(`http://${HOST}:${chosen}${path}`, { method }),
  };
}

describe('serveMetrics', () => {
  it('answers GET /metrics with the header that Prometheus 3 wants', async () => {
    const { fetchPath } = await scene();
    const response = await fetchPath('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('kubelet_sysctls_nodes{state="Done"} 1\n');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('answers GET /metrics with a query as without one', async () => {
    const { fetchPath } = await scene();
    expect((await fetchPath('/metrics?name[]=up')).status).toBe(200);
  });

  it.each(['/', '/metrics/', '/healthz', '/metricsx', '//metrics', '/metrics%2f..'])(
    'answers 404 for the path %s',
    async (path) => {
      const { fetchPath } = await scene();
      expect((await fetchPath(path)).status).toBe(404);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])(
    'answers 405 for the method %s and names GET',
    async (method) => {
      const { fetchPath } = await scene();
      const response = await fetchPath('/metrics', method);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET');
    },
  );

  it('answers 500, logs the cause and answers the next scrape when the metrics could not be computed', async () => {
    let fails = true;
    const { fetchPath, warnings } = await scene(async () => {
      if (fails) throw new Error('secret detail');
      return { contentType: 'text/plain', pieces: [Buffer.from('ok\n')] };
    });
    const response = await fetchPath('/metrics');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect(warnings).toHaveLength(1);
    fails = false;
    expect((await fetchPath('/metrics')).status).toBe(200);
  });

  it('logs a port that is in use, and the process lives on', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, HOST, resolve));
    const address: AddressInfo | string | null = other.address();
    const { warnings } = await scene(
      undefined,
      address !== null && typeof address === 'object' ? address.port : 0,
    );
    expect(warnings).toEqual(['The port for metrics failed; the coordinator runs without metrics']);
    other.close();
  });

  it('answers the next scrape after a client that went away in the middle', async () => {
    const { server, fetchPath } = await scene(async () => {
      await new Promise((resolve) => void setTimeout(resolve, 50));
      return { contentType: 'text/plain', pieces: [Buffer.from('x'.repeat(1_000_000))] };
    });
    const cut = request({ host: HOST, port: await server.port, path: '/metrics' });
    cut.on('error', () => undefined);
    cut.end();
    await new Promise((resolve) => void setTimeout(resolve, 20));
    cut.destroy();
    expect((await fetchPath('/metrics')).status).toBe(200);
  });

  it('closes the port and connections that are kept alive', async () => {
    const { server, fetchPath } = await scene();
    await (await fetchPath('/metrics')).text();
    server.close();
    await expect(fetchPath('/metrics')).rejects.toThrow('fetch failed');
  });
});
