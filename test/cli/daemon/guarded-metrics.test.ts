import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cachedAccess } from '../../../agent/cli/daemon/guard/cached-access.ts';
import { type MetricsServer, serveMetrics } from '../../../agent/cli/daemon/metrics-server.ts';
import { accessTo } from '../../../agent/cluster/api/access.ts';
import { objectAt, stringAt } from '../../../agent/cluster/http/json.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import { selfSigned, type SelfSigned } from '../../cluster/certificate.ts';
import { type FaultServer, faultServer, type Handler } from '../../cluster/fault-server.ts';

const HOST = '127.0.0.1';
const TEXT = 'kubelet_sysctls_build_info 1\n';
const READER = 'reader-token';
const STRANGER = 'stranger-token';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly challenge: string | undefined;
  /** Whether the server sent 100 Continue before. */
  readonly continued: boolean;
}

interface Scene {
  readonly api: FaultServer;
  readonly server: MetricsServer;
  readonly certificate: SelfSigned;
  readonly warnings: string[];
  readonly problems: unknown[];
  readonly get: (path: string, options?: RequestOptions) => Promise<Answer>;
}

const bearer = (token: string): RequestOptions => ({ headers: { authorization: `Bearer ${token}` } });

/** What a real API server says of the two tokens. */
const reviews: Handler = (response, { path, body }) => {
  const spec = objectAt(JSON.parse(body), 'spec');
  const [token, user] = [stringAt(spec, 'token') ?? '', stringAt(spec, 'user')];
  const status = path.endsWith('/tokenreviews')
    ? { authenticated: [READER, STRANGER].includes(token), user: { username: token } }
    : { allowed: user === READER };
  response.writeHead(201).end(JSON.stringify({ spec, status }));
};

async function scene(judge = true): Promise<Scene> {
  const certificate = selfSigned('coordinator');
  const tlsFolder = await mkdtemp(join(tmpdir(), 'metrics-'));
  onTestFinished(() => rm(tlsFolder, { recursive: true }));
  await writeFile(join(tlsFolder, 'tls.crt'), certificate.cert);
  await writeFile(join(tlsFolder, 'tls.key'), certificate.key);
  const api = await faultServer({ tls: selfSigned('apiserver') });
  api.answer(reviews);
  const transport = createTransport(api.credentials(), { requestMs: 500 });
  const ask = accessTo({ path: '/metrics', verb: 'get' }, transport);
  const warnings: string[] = [];
  const problems: unknown[] = [];
  const server = serveMetrics({
    port: 0,
    host: HOST,
    exposition: async () => ({ contentType: 'text/plain', pieces: [Buffer.from(TEXT)] }),
    log: {
      warn: (facts, message) => {
        warnings.push(message);
        problems.push(facts);
      },
    },
    guard: { tlsFolder, access: judge ? cachedAccess(ask, () => 0) : undefined },
  });
  onTestFinished(async () => {
    server.close();
    transport.close();
    await api.close();
  });
  const port = await server.port;
  const get: Scene['get'] = (path, options = {}) =>
    answerTo({ host: HOST, port, path, ca: certificate.cert, agent: false, ...options });
  return { api, server, certificate, warnings, problems, get };
}

function answerTo(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let continued = false;
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          challenge: response.headers['www-authenticate'],
          continued,
        }),
      );
    });
    asked.on('continue', () => {
      continued = true;
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('serveMetrics over TLS', () => {
  it('answers everyone when nothing judges them, and speaks no plain HTTP', async () => {
    const { get, server } = await scene(false);
    expect(await get('/metrics')).toMatchObject({ status: 200, body: TEXT });
    const options = { host: HOST, port: await server.port, path: '/metrics' };
    const plain = new Promise((resolve, reject) => {
      plainRequest(options, resolve).on('error', reject).end();
    });
    await expect(plain).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('has the certificate of its folder', async () => {
    const { get } = await scene(false);
    await expect(get('/metrics', { ca: selfSigned('impostor').cert })).rejects.toThrow('self-signed');
  });
});

describe('serveMetrics with a judge', () => {
  it('answers the account that may read, and asks the API server once a minute', async () => {
    const { get, api } = await scene();
    expect(await get('/metrics', bearer(READER))).toMatchObject({ status: 200, body: TEXT });
    expect((await get('/metrics', bearer(READER))).status).toBe(200);
    expect(api.seen.map(({ path }) => path.split('/').at(-1))).toEqual([
      'tokenreviews',
      'subjectaccessreviews',
    ]);
  });

  it.each<[string, RequestOptions, number, string]>([
    ['no token', {}, 401, 'Expected a bearer token, got none'],
    ['a token that the API server does not know', bearer('made-up'), 401, 'Expected the token of an account'],
    [
      'the token of an account without the right',
      bearer(STRANGER),
      403,
      'Expected a token whose account may get /metrics',
    ],
    ['a user and a password', { auth: 'a:b' }, 401, 'Expected a bearer token, got none'],
  ])('refuses %s with every path and method alike', async (_what, options, code, text) => {
    const { get, api } = await scene();
    const paths = ['/metrics?x=1', '/', '/healthz', '//metrics', '/metrics/../x', '*'];
    const methods = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
    const asked = [
      ...paths.map((path) => ({ path, method: 'GET' })),
      ...methods.map((method) => ({ path: '/metrics', method })),
    ];
    for (const { path, method } of asked) {
      const { status, challenge, body } = await get(path, { ...options, method });
      expect({ status, challenge }).toEqual({
        status: code,
        challenge: code === 401 ? 'Bearer' : undefined,
      });
      // The answer to HEAD has no text.
      expect(body.slice(0, text.length)).toBe(method === 'HEAD' ? '' : text);
    }
    expect(api.seen.length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['Expect', '100-continue'],
    ['Expect', 'something'],
    ['Upgrade', 'websocket'],
  ])('judges a request with the header %s: %s before it answers anything', async (name, value) => {
    const { get } = await scene();
    const headers = { [name]: value, ...(name === 'Upgrade' && { Connection: 'Upgrade' }) };
    expect(await get('/metrics', { headers })).toMatchObject({ status: 401, continued: false });
  });

  it('answers 404 and 405 only to the account that may read', async () => {
    const { get } = await scene();
    expect((await get('/healthz', bearer(READER))).status).toBe(404);
    expect((await get('/metrics', { ...bearer(READER), method: 'POST' })).status).toBe(405);
  });

  it('answers 503 without a detail while the API server is away, and never logs the token', async () => {
    const { get, api, warnings, problems } = await scene();
    await api.close();
    const answer = await get('/metrics', bearer(READER));
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      'The API server did not say whether this token may get /metrics. The log of the coordinator has the cause.\n',
    );
    expect((await get('/', bearer(READER))).status).toBe(503);
    expect(warnings[0]).toContain('Expected the API server to say who may get /metrics');
    expect(JSON.stringify([warnings, problems.map(String), problems])).not.toContain(READER);
  });

  it('answers 503 when the API server says nothing of use, and asks again for the next request', async () => {
    const { get, api } = await scene();
    api.answer((response) => response.writeHead(201).end('{"spec":{"token":"x"'), reviews);
    expect((await get('/metrics', bearer(READER))).status).toBe(503);
    expect((await get('/metrics', bearer(READER))).status).toBe(200);
  });
});
