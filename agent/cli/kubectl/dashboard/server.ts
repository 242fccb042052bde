// Serves the page on 127.0.0.1: its files, its stream, its answers.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Assets } from './assets.ts';
import type { Feed } from './feed.ts';
import { judge } from './guard.ts';

/** An answer as JSON, to a GET or a POST. */
export type Answer = (input: { readonly query: URLSearchParams; readonly body: unknown }) => Promise<Reply>;

export interface Reply {
  readonly status: number;
  readonly body: object;
}

export interface Served {
  readonly assets: Assets;
  readonly feed: Feed;
  readonly token: string;
  /** By method and path, such as `POST /plan`. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export interface PageServer {
  readonly port: number;
  close(): void;
}

/** A ConfigMap holds 1 MiB; JSON escapes its text. */
const LARGEST_BODY = 4 * 1024 * 1024;
const MOST_CONNECTIONS = 64;

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  // The address has the token.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Listens on this port of 127.0.0.1; 0: a free one. Rejects when it cannot listen, such as EADDRINUSE. */
export async function servePage(port: number, served: Served): Promise<PageServer> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  const chosen = address !== null && typeof address === 'object' ? address.port : port;
  server.on('request', (request, response) => {
    // A browser may close a connection at any time.
    response.on('error', () => undefined);
    answer(request, response, { ...served, port: chosen }).catch(() => response.destroy());
  });
  return {
    port: chosen,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  served: Served & { readonly port: number },
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const verdict = judge(
    { method, url, host: headers.host, origin: headers.origin, contentType: headers['content-type'] },
    served,
  );
  switch (verdict.kind) {
    case 'refused':
      return send(response, verdict.status, 'text/plain; charset=utf-8', `${verdict.text}\n`);
    case 'moved':
      response.setHeader('location', verdict.to);
      return send(response, 308, 'text/plain; charset=utf-8', '');
    case 'open':
      return open(request, response, served, verdict);
  }
}

async function open(
  request: IncomingMessage,
  response: ServerResponse,
  { assets, feed, answers }: Served,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): Promise<void> {
  const wanted = `${request.method} ${path}`;
  const file = FILES[wanted];
  if (file !== undefined) return send(response, 200, file.type, assets[file.name]);
  if (wanted === 'GET /stream') return stream(response, feed);
  const known = answers.get(wanted);
  if (known === undefined) return reply(response, { status: 404, body: { text: 'Unknown path.' } });
  const body = request.method === 'POST' ? await bodyOf(request) : undefined;
  if (body === TOO_LARGE) {
    return reply(response, { status: 413, body: { text: 'Expected at most 4 MiB, got more.' } });
  }
  reply(response, await known({ query, body }));
}

const FILES: Readonly<Record<string, { readonly name: keyof Assets; readonly type: string }>> = {
  'GET /': { name: 'html', type: 'text/html; charset=utf-8' },
  'GET /style.css': { name: 'style', type: 'text/css; charset=utf-8' },
  'GET /page.js': { name: 'script', type: 'text/javascript; charset=utf-8' },
};

function stream(response: ServerResponse, feed: Feed): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  const detach = feed.attach({
    isFull: () => response.writableNeedDrain,
    send: (text) => void response.write(`data: ${text}\n\n`),
  });
  response.once('close', detach);
}

const TOO_LARGE = Symbol('too large');

/** Returns the parsed JSON; undefined when it is none. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) return TOO_LARGE;
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

function reply(response: ServerResponse, { status, body }: Reply): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': type,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
