// Serves GET /metrics over plain HTTP.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentLog } from '../../report/log.ts';
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
}

const MOST_CONNECTIONS = 20;
const REQUEST_MS = 10_000;

/** Listens from now on. An error of a request or of the port is logged and never ends the process: the rollout matters more. */
export function serveMetrics({ port, host, exposition, log }: MetricsServerOptions): MetricsServer {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS },
    (request, response) => void answer(request, response, exposition, log),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on('error', (error) =>
    log.warn({ err: error, port }, 'The port for metrics failed; the coordinator runs without metrics'),
  );
  const listening = new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(host === undefined ? { port } : { port, host }, () => {
      const address: AddressInfo | string | null = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
  // Logged above; a caller that does not ask for the port must not end by it.
  listening.catch(() => undefined);

  return {
    port: listening,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  exposition: MetricsServerOptions['exposition'],
  log: Pick<AgentLog, 'warn'>,
): Promise<void> {
  // The answer may be cut off by its client at any time.
  response.on('error', () => undefined);
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
