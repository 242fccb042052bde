// A real HTTP server that answers as a test specifies, faults included.

import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Socket } from 'node:net';
import { afterEach, vi } from 'vitest';
import type { Credentials } from '../../agent/cluster/http/credentials.ts';
import type { SelfSigned } from './certificate.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Numbers the connections in the order they came. */
  readonly connection: number;
}

export type Handler = (response: ServerResponse, seen: Seen) => void;

export interface FaultServer extends AsyncDisposable {
  readonly url: URL;
  readonly seen: Seen[];
  /** Open connections now. */
  readonly connections: ReadonlySet<Socket>;
  /** Answers the next requests with these handlers in turn; the last one stays. */
  answer(...handlers: readonly Handler[]): void;
  credentials(token?: () => string): Credentials;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, with TLS when a certificate is given. */
export async function faultServer(options: { tls?: SelfSigned; port?: number } = {}): Promise<FaultServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const numbers = new WeakMap<Socket, number>();
  let count = 0;
  let handlers: Handler[] = [json(500, status(500, 'InternalError', 'the test gave no answer'))];

  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(Buffer.from(chunk));
    }
    const url = new URL(request.url ?? '', 'http://any');
    const entry = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      connection: numbers.get(request.socket) ?? -1,
    };
    seen.push(entry);
    handler?.(response, entry);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    listener(request, response).catch(() => response.destroy());
  };
  const server = options.tls ? createHttps(options.tls, onRequest) : createHttp(onRequest);
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    count += 1;
    numbers.set(socket, count);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`Expected the server to have a port, got ${address}`);
  }
  const url = new URL(`${options.tls ? 'https' : 'http'}://127.0.0.1:${address.port}`);

  const close = async (): Promise<void> => {
    if (!server.listening) {
      return;
    }
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  };
  return {
    url,
    seen,
    connections: sockets,
    answer: (...next) => {
      handlers = [...next];
    },
    credentials: (token) => ({
      server: url,
      namespace: 'test',
      token: async () => token?.(),
      ca: async () => options.tls?.cert,
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A list whose entries are closed after each test, the last one first. Call it once, at the top level of a test file. */
export function closedAfterEach(): { close(): unknown }[] {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0).toReversed()) {
      await thing.close();
    }
  });
  return open;
}

/** Answers with a JSON body. */
export function json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Handler {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** Begins a watch, sends these events, and leaves it open; `then` may continue it. */
export function watching(events: readonly object[], then?: (response: ServerResponse) => void): Handler {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const event of events) {
      response.write(line(event));
    }
    then?.(response);
  };
}

export function line(event: object): string {
  return `${JSON.stringify(event)}\n`;
}

/** Closes the connection without a response. */
export const hangUp: Handler = (response) => {
  response.socket?.destroy();
};

/** Accepts the request and never answers. */
export const neverAnswer: Handler = () => undefined;

/** All values of an iterable; rejects with its error. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

/** Waits until `check` no longer throws. Its timeout suits a busy machine. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 4000, interval: 5 });
}
