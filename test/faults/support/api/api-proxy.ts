// What stands between an agent and the real API server, and misbehaves on command.

import { request as httpsRequest, Agent, createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { selfSigned } from '../../../cluster/certificate.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
  /** performance.now() when it had come in. */
  readonly at: number;
  /** What the agent was answered; 0 while nothing, or nothing at all. */
  status: number;
}

export interface Exchange {
  readonly asked: Asked;
  readonly response: ServerResponse;
  /** Asks the API server the same; rejects when that cannot be reached. */
  readonly forward: () => Promise<IncomingMessage>;
}

/** What becomes of a request. One that rejects closes the agent's connection. */
export type Fault = (exchange: Exchange) => Promise<void>;

export interface ApiProxy extends AsyncDisposable {
  readonly port: number;
  /** PEM: what the agent must trust. */
  readonly ca: string;
  /** Everything that was asked, in order. */
  readonly asked: readonly Asked[];
  /** New requests meet this from now on; those under way continue. */
  meet(fault: Fault): void;
  /** Closes every connection of the agent's. */
  cut(): void;
  /** Closes them and refuses new ones. */
  refuse(): Promise<void>;
  /** Accepts connections again. */
  accept(): Promise<void>;
  /** Open streams stay open and say nothing any more. */
  silenceStreams(): void;
}

export interface Upstream {
  /** https://host:port */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
}

/** Listens on 127.0.0.1 and passes everything on. */
export async function apiProxy(upstream: Upstream): Promise<ApiProxy> {
  const certificate = selfSigned('API server with faults');
  const agent = new Agent({ keepAlive: true, ca: upstream.ca });
  const sockets = new Set<Socket>();
  const streams = new Set<IncomingMessage>();
  const asked: Asked[] = [];
  let fault: Fault = pass;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const entry: Asked = {
      method: request.method ?? '',
      path,
      isWatch: /[?&]watch=true/u.test(path),
      at: performance.now(),
      status: 0,
    };
    asked.push(entry);
    // Where the connection ends first, so does the whole exchange.
    request.on('error', () => {});
    response.on('error', () => {});
    const body = await buffer(request);
    const forward = (): Promise<IncomingMessage> => ask(request, body, response);
    await fault({ asked: entry, response, forward });
    entry.status = response.headersSent ? response.statusCode : 0;
  }

  function ask(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const url = new URL(request.url ?? '', upstream.server);
      const options = { method: request.method ?? 'GET', headers, agent, ca: upstream.ca };
      const passedOn = httpsRequest(url, options, (answer) => {
        streams.add(answer);
        answer.on('error', () => response.destroy());
        answer.once('close', () => streams.delete(answer));
        resolve(answer);
      });
      passedOn.on('error', reject);
      response.once('close', () => passedOn.destroy());
      passedOn.end(body);
    });
  }

  const newServer = (): Server =>
    createServer({ ...certificate, keepAliveTimeout: 90_000 }, (request, response) => {
      serve(request, response).catch(() => response.destroy());
    }).on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    });
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  let server = newServer();
  const port = await listen(server, 0);

  const refuse = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  };
  return {
    port,
    ca: certificate.cert,
    asked,
    meet: (next) => {
      fault = next;
    },
    cut,
    refuse,
    async accept() {
      server = newServer();
      await listen(server, port);
    },
    silenceStreams: () => streams.forEach((stream) => stream.unpipe().pause()),
    async [Symbol.asyncDispose]() {
      await refuse();
      agent.destroy();
    },
  };
}

/** The API server as it is. */
export const pass: Fault = async ({ response, forward }) => {
  const answer = await forward();
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  // A watch begins before it has anything to say.
  response.flushHeaders();
  answer.pipe(response);
};

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`Expected the proxy to have a port, got ${address}`);
  }
  return address.port;
}
