import { createServer } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ApiError, InvalidResponseError, TimeoutError } from '../../../agent/cluster/http/errors.ts';
import {
  createTransport,
  type Transport,
  type TransportOptions,
} from '../../../agent/cluster/http/transport.ts';
import { selfSigned } from '../certificate.ts';
import {
  closedAfterEach,
  collect,
  eventually,
  faultServer,
  hangUp,
  json,
  line,
  neverAnswer,
  status,
  watching,
  type FaultServer,
} from '../fault-server.ts';

const open = closedAfterEach();

async function served(
  options: TransportOptions & { tls?: ReturnType<typeof selfSigned>; token?: () => string } = {},
): Promise<{ server: FaultServer; transport: Transport }> {
  const { tls, token, ...rest } = options;
  const server = await faultServer(tls ? { tls } : {});
  const transport = createTransport(server.credentials(token), rest);
  open.push(server, transport);
  return { server, transport };
}

const get = { method: 'GET', path: '/api/v1/nodes/n1' } as const;
const mergePatch = {
  method: 'PATCH',
  path: '/api/v1/nodes/n1',
  contentType: 'application/merge-patch+json',
  body: { metadata: {} },
} as const;

/** Makes the server close each connection after one answer without saying so, as an idle timeout does. */
async function loseKeptConnection(server: FaultServer, transport: Transport): Promise<void> {
  server.answer(json(200, {}));
  await transport.request(get);
  server.answer(hangUp, json(200, { second: true }));
}

describe('request', () => {
  it('sends query, body, content type, accept and token, and returns the parsed response', async () => {
    const { server, transport } = await served({ token: () => 'secret' });
    server.answer(json(201, { kind: 'Event' }));
    const answer = await transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/events',
      query: { fieldManager: 'a b' },
      body: { message: 'größer' },
      accept: 'application/json;as=PartialObjectMetadata',
    });
    expect(answer).toEqual({ status: 201, body: { kind: 'Event' } });
    const [seen] = server.seen;
    expect(seen?.query.get('fieldManager')).toBe('a b');
    expect(JSON.parse(seen?.body ?? '')).toEqual({ message: 'größer' });
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer secret',
      accept: 'application/json;as=PartialObjectMetadata',
      'content-type': 'application/json',
    });
  });

  it('uses one connection for consecutive requests, also over TLS', async () => {
    const { server, transport } = await served({ tls: selfSigned('apiserver') });
    server.answer(json(200, {}));
    for (let turn = 0; turn < 3; turn += 1) {
      await transport.request(get);
    }
    expect(server.seen.map((seen) => seen.connection)).toEqual([1, 1, 1]);
  });

  it('uses the connections of one wave of concurrent requests for the next', async () => {
    const { server, transport } = await served({ tls: selfSigned('apiserver'), maxConnections: 4 });
    server.answer(json(200, {}));
    for (let wave = 0; wave < 3; wave += 1) {
      await Promise.all(Array.from({ length: 4 }, () => transport.request(get)));
      await nextTurn();
    }
    expect(new Set(server.seen.map((seen) => seen.connection)).size).toBe(4);
  });

  it('rejects a server whose certificate another authority signed', async () => {
    const server = await faultServer({ tls: selfSigned('impostor') });
    const { cert } = selfSigned('apiserver');
    const transport = createTransport({ ...server.credentials(), ca: async () => cert });
    open.push(server, transport);
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(server.seen).toEqual([]);
  });

  it('reads the authority again when the certificate is not accepted', async () => {
    const server = await faultServer({ tls: selfSigned('apiserver') });
    const outdated = selfSigned('apiserver').cert;
    const good = server.credentials();
    const transport = createTransport({ ...good, ca: async (fresh) => (fresh ? good.ca() : outdated) });
    open.push(server, transport);
    server.answer(json(200, { ok: true }));
    expect((await transport.request(get)).body).toEqual({ ok: true });
  });

  it('rejects with the reason and message of the Status object', async () => {
    const { server, transport } = await served();
    server.answer(json(409, status(409, 'AlreadyExists', 'events "x" already exists')));
    const error = await transport.request(get).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, reason: 'AlreadyExists' });
    expect(String(error)).toContain('events "x" already exists');
  });

  it('rejects with an excerpt when a proxy answers with an error page', async () => {
    const { server, transport } = await served();
    server.answer((response) => response.writeHead(502).end(`<html>\n${'bad gateway '.repeat(1000)}`));
    const error = await transport.request(get).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 502, reason: '' });
    expect(String(error).length).toBeLessThan(400);
  });

  it.each([
    ['seconds', '7', 7000],
    ['an invalid value', 'soon', undefined],
  ])('reads a Retry-After header with %s', async (_title, header, expected) => {
    const { server, transport } = await served();
    server.answer(json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': header }));
    await expect(transport.request(get)).rejects.toMatchObject({ status: 429, retryAfterMs: expected });
  });

  it('reads the token again when it is refused, and retries once', async () => {
    const { server, transport } = await served();
    const tokens: (boolean | undefined)[] = [];
    const rotating = createTransport({
      ...server.credentials(),
      token: async (fresh) => {
        tokens.push(fresh);
        return fresh === true ? 'new' : 'old';
      },
    });
    open.push(rotating, transport);
    server.answer(json(401, status(401, 'Unauthorized', 'Unauthorized')), json(200, { ok: true }));
    expect((await rotating.request(get)).body).toEqual({ ok: true });
    expect(server.seen.map((seen) => seen.headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
    expect(tokens).toEqual([false, true]);
  });

  it('rejects after the second refusal of its token', async () => {
    const { server, transport } = await served({ token: () => 'bad' });
    server.answer(json(401, status(401, 'Unauthorized', 'Unauthorized')));
    await expect(transport.request(get)).rejects.toMatchObject({ status: 401 });
    expect(server.seen.length).toBe(2);
  });

  it.each([
    ['a GET', get],
    ['a merge patch', mergePatch],
    [
      'a POST that is marked as idempotent',
      { method: 'POST', path: '/x', body: {}, idempotent: true } as const,
    ],
  ])('sends %s again when the server had closed the kept connection', async (_title, request) => {
    const { server, transport } = await served();
    await loseKeptConnection(server, transport);
    expect((await transport.request(request)).body).toEqual({ second: true });
    expect(server.seen.map((seen) => seen.connection)).toEqual([1, 1, 2]);
  });

  it('does not retry a request that is not idempotent', async () => {
    const { server, transport } = await served();
    await loseKeptConnection(server, transport);
    await expect(transport.request({ method: 'POST', path: '/x', body: {} })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(server.seen.length).toBe(2);
  });

  it('does not retry when a new connection is closed', async () => {
    const { server, transport } = await served();
    server.answer(hangUp);
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.seen.length).toBe(1);
  });

  it('rejects with a timeout when a response does not begin or does not end in time', async () => {
    const { server, transport } = await served();
    server.answer(neverAnswer, watching([{ never: 'ends' }]));
    for (let turn = 0; turn < 2; turn += 1) {
      const error = await transport.request({ ...get, timeoutMs: 40 }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ step: 'answer', waitedMs: 40 });
    }
    await eventually(() => expect(server.connections.size).toBe(0));
  });

  it('rejects with a timeout when connecting takes too long', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const credentials = { namespace: 'test', token: async () => undefined, ca: async () => undefined };
    // TCP connects; the TLS handshake is never answered.
    const server = new URL(`https://127.0.0.1:${port}`);
    const transport = createTransport({ ...credentials, server }, { connectMs: 30 });
    open.push(silent, transport);
    await expect(transport.request(get)).rejects.toMatchObject({ name: 'TimeoutError', step: 'connect' });
  });

  it('rejects a response that is too long or not JSON', async () => {
    const { server, transport } = await served({ maxBodyBytes: 100 });
    server.answer(json(200, { long: 'x'.repeat(200) }), (response) => response.end('not json'));
    await expect(transport.request(get)).rejects.toThrow(InvalidResponseError);
    await expect(transport.request(get)).rejects.toThrow(InvalidResponseError);
  });

  it('rejects when the connection closes in the middle of a response', async () => {
    const { server, transport } = await served();
    server.answer((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"kind":', () => response.socket?.destroy());
    });
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('rejects at once when its signal is aborted', async () => {
    const { server, transport } = await served();
    server.answer(neverAnswer);
    const stopping = new AbortController();
    const asked = transport.request({ ...get, signal: stopping.signal });
    await eventually(() => expect(server.seen.length).toBe(1));
    stopping.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('stream', () => {
  const watch = { path: '/api/v1/nodes', silenceMs: 1000 };

  it('yields each line as it arrives, on a separate connection', async () => {
    const { server, transport } = await served();
    server.answer(
      json(200, {}),
      watching([{ n: 1 }], (response) => setTimeout(() => response.end(line({ n: 2 })), 20)),
    );
    await transport.request(get);
    const got = await collect(transport.stream({ ...watch, signal: AbortSignal.timeout(4000) }));
    expect(got).toEqual(['{"n":1}', '{"n":2}']);
    expect(server.seen.map((seen) => seen.connection)).toEqual([1, 2]);
  });

  it('throws the error of the server when the stream does not begin', async () => {
    const { server, transport } = await served();
    server.answer(json(410, status(410, 'Expired', 'too old resource version')));
    const stream = transport.stream({ ...watch, signal: AbortSignal.timeout(4000) });
    await expect(collect(stream)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('throws a timeout after too long a silence, and closes the connection', async () => {
    const { server, transport } = await served();
    server.answer(watching([{ n: 1 }]));
    const stream = transport.stream({ ...watch, silenceMs: 50, signal: AbortSignal.timeout(4000) });
    await expect(collect(stream)).rejects.toMatchObject({ name: 'TimeoutError', step: 'stream' });
    await eventually(() => expect(server.connections.size).toBe(0));
  });

  it('stays open as long as bytes keep arriving', async () => {
    const { server, transport } = await served();
    server.answer(
      watching([], (response) => {
        void (async () => {
          for (let turn = 0; turn < 8; turn += 1) {
            await sleep(100);
            response.write(line({ turn }));
          }
          response.end();
        })();
      }),
    );
    const stream = transport.stream({ ...watch, silenceMs: 500, signal: AbortSignal.timeout(4000) });
    expect((await collect(stream)).length).toBe(8);
  });

  it('throws when the connection breaks within a line, after it yielded the complete lines', async () => {
    const { server, transport } = await served();
    server.answer(
      watching([{ n: 1 }], (response) => response.write('{"n":', () => response.socket?.destroy())),
    );
    const got: string[] = [];
    const read = async (): Promise<void> => {
      for await (const text of transport.stream({ ...watch, signal: AbortSignal.timeout(4000) })) {
        got.push(text);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(got).toEqual(['{"n":1}']);
  });

  it('throws for a line beyond the limit and closes the connection', async () => {
    const { server, transport } = await served({ maxLineBytes: 1000 });
    server.answer(watching([{ long: 'x'.repeat(2000) }]));
    const stream = transport.stream({ ...watch, signal: AbortSignal.timeout(4000) });
    await expect(collect(stream)).rejects.toThrow(InvalidResponseError);
    await eventually(() => expect(server.connections.size).toBe(0));
  });

  it('closes the connection when its reader stops reading', async () => {
    const { server, transport } = await served();
    server.answer(watching([{ n: 1 }, { n: 2 }]));
    for await (const text of transport.stream({ ...watch, signal: AbortSignal.timeout(4000) })) {
      expect(text).toBe('{"n":1}');
      break;
    }
    await eventually(() => expect(server.connections.size).toBe(0));
  });
});

describe('close', () => {
  it('closes kept connections', async () => {
    const { server, transport } = await served();
    server.answer(json(200, {}));
    await transport.request(get);
    expect(server.connections.size).toBe(1);
    transport.close();
    await eventually(() => expect(server.connections.size).toBe(0));
  });
});
