// Serves GET /metrics: over plain HTTP to everyone, or over TLS, then also to those alone whom the API server lets.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AskAccess } from '../../cluster/api/access.ts';
import type { AgentLog } from '../../report/log.ts';
import { type FollowedCertificate, followCertificate } from './guard/certificate.ts';
import { refusalOf } from './guard/refusal.ts';
import { verdictOn } from './guard/verdict.ts';
import type { Exposition } from './metrics.ts';

export interface MetricsServer {
  /** The port that it listens on. Rejects when it cannot listen. */
  readonly port: Promise<number>;
  /** Closes the port and every connection. */
  close(): void;
}

export interface MetricsServerOptions {
  /** 0: a free port. */
  readonly port: number;
  /** Default: every address of the pod. */
  readonly host?: string;
  readonly exposition: () => Promise<Exposition>;
  readonly log: Pick<AgentLog, 'warn'>;
  /** Default: plain HTTP for everyone. */
  readonly guard?: Guard | undefined;
}

export interface Guard {
  /** Folder of tls.crt and tls.key, which are read again when they change. */
  readonly tlsFolder: string;
  /** undefined: everyone is answered. */
  readonly access?: AskAccess | undefined;
}

const MOST_CONNECTIONS = 20;
const REQUEST_MS = 10_000;

/**
 * Listens from now on; with a guard once its certificate was read. An error of a request or of the port is logged and never ends the
 * process: the rollout matters more.
 */
export function serveMetrics(options: MetricsServerOptions): MetricsServer {
  const { port, host, log } = options;
  const { server, certificate } = serverFor(options);
  const handle = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(request, response, options);
  // Without the last two, Node itself answers a request with the header Expect before it is judged.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, handle);
  server.maxConnections = MOST_CONNECTIONS;
  server.on('error', (error) =>
    log.warn({ err: error, port }, 'The port for metrics failed; the coordinator runs without metrics'),
  );
  let closed = false;
  const listening = new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    void certificate?.begun.then(listen);
    if (certificate === undefined) listen();

    function listen(): void {
      if (closed) return;
      server.listen(host === undefined ? { port } : { port, host }, () => {
        const address: AddressInfo | string | null = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : port);
      });
    }
  });
  // Logged above; a caller that does not ask for the port must not end by it.
  listening.catch(() => undefined);

  return {
    port: listening,
    close() {
      closed = true;
      certificate?.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Serving {
  readonly server: Server;
  readonly certificate?: FollowedCertificate;
}

function serverFor({ guard, log }: MetricsServerOptions): Serving {
  const limits = {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS,
  };
  if (guard === undefined) return { server: createServer(limits) };
  // Without a certificate no handshake succeeds, so nothing is answered.
  const server = createTlsServer({ ...limits, handshakeTimeout: REQUEST_MS });
  const use = (pair: { readonly cert: string; readonly key: string }): void => server.setSecureContext(pair);
  return { server, certificate: followCertificate({ folder: guard.tlsFolder, use, log }) };
}

async function answer(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  { exposition, log, guard }: MetricsServerOptions,
): Promise<void> {
  // The answer may be cut off by its client at any time.
  response.on('error', () => undefined);
  const refusal = refusalOf(await verdictOn(headers.authorization, guard?.access, log));
  if (refusal !== undefined) {
    return send(response, refusal.status, refusal.text, refusal.headers);
  }
  if (url.split('?', 1)[0] !== '/metrics') {
    return send(response, 404, 'Only /metrics is served.\n');
  }
  if (method !== 'GET') {
    return send(response, 405, 'Only GET is allowed.\n', { allow: 'GET' });
  }
  try {
    const { contentType, pieces } = await exposition();
    send(response, 200, pieces, { 'content-type': contentType });
  } catch (error) {
    log.warn({ err: error }, 'The metrics could not be computed. The rollout is not affected.');
    send(response, 500, 'The metrics could not be computed. The log of the coordinator has the cause.\n');
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string | readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = {},
): void {
  const pieces = typeof body === 'string' ? [Buffer.from(body)] : body;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': pieces.reduce((sum, { length }) => sum + length, 0),
    ...headers,
  });
  for (const piece of pieces) {
    response.write(piece);
  }
  response.end();
}
