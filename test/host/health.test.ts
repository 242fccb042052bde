import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { kubeletHealth } from '../../agent/host/health.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serving(listener: RequestListener): Promise<{ port: number; connections: () => number }> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`Expected the server to have a port, got ${address}`);
  }
  return { port: address.port, connections: () => connections };
}

const ask = (port: number, timeoutMs = 5000): Promise<boolean> =>
  kubeletHealth.ok('127.0.0.1', port, timeoutMs);

describe('the kubelet', () => {
  test('is healthy when healthz answers 200, and uses a new connection each time', async () => {
    const urls: unknown[] = [];
    const { port, connections } = await serving((request, response) => {
      urls.push(request.url, request.headers.host);
      response.end('ok');
    });

    expect([await ask(port), await ask(port)]).toEqual([true, true]);
    expect(urls).toEqual(['/healthz', `127.0.0.1:${port}`, '/healthz', `127.0.0.1:${port}`]);
    expect(connections()).toBe(2);
  });

  test('is unhealthy when healthz answers 500', async () => {
    const { port } = await serving((_request, response) => {
      response.writeHead(500).end('[-]syncloop failed');
    });

    expect(await ask(port)).toBe(false);
  });

  test('is unhealthy when the connection is refused', async () => {
    const { port } = await serving(() => {});
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));

    expect(await ask(port)).toBe(false);
  });

  test.each([
    ['never answers', (): void => {}],
    [
      'never ends its response',
      (_request, response) => {
        response.writeHead(200);
        response.write('o');
      },
    ],
    ['hangs up', (request) => request.socket.destroy()],
  ] satisfies [string, RequestListener][])('is unhealthy when the kubelet %s', async (_title, listener) => {
    const { port } = await serving(listener);
    const begun = performance.now();

    expect(await ask(port, 200)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
