// Sockets to one API server: a few keep-alive connections for requests, a separate one for each stream.

import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { Authorities } from './authorities.ts';
import { TimeoutError } from './errors.ts';

/** One request as it is sent. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Aborting it destroys the socket; the error is then the signal's reason. */
  readonly signal: AbortSignal;
  /** PEM of the certificate authority; undefined: Node's default authorities. */
  readonly ca: string | undefined;
}

export interface Connections {
  /** Sends on a kept connection if there is one. Resolves with the head of the response. */
  send(call: Call): Promise<IncomingMessage>;
  /** Sends on a new connection, which closes with the response. */
  sendOnNew(call: Call): Promise<IncomingMessage>;
  /** True when `send` failed because the server had closed a kept connection: the server has not seen the request. */
  wasStale(error: unknown): boolean;
  close(): void;
}

/** Shorter than the 90 s after which the API server closes an idle connection (apiserver pkg/server/secure_serving.go). */
const IDLE_MS = 60_000;
/** Detects a vanished peer after 45 s, as client-go does. Linux's default takes more than ten minutes. */
const PROBES = { enable: true, initialDelay: 30_000, interval: 5000, count: 3 };

export interface ConnectionLimits {
  /** Timeout of connecting, TLS included. */
  readonly connectMs: number;
  /** Maximum of connections for requests; streams do not count. */
  readonly maxConnections: number;
  /** A local address to connect from; undefined: chosen by the routing table. */
  readonly localAddress?: string | undefined;
}

/** Connections to `server`, an http: or https: URL. Opens none before the first request. */
export function openConnections(
  server: URL,
  { connectMs, maxConnections, localAddress }: ConnectionLimits,
): Connections {
  const secure = server.protocol === 'https:';
  const Agent = secure ? HttpsAgent : HttpAgent;
  const kept = new Agent({
    keepAlive: true,
    keepAliveMsecs: PROBES.initialDelay,
    maxSockets: maxConnections,
    timeout: IDLE_MS,
    scheduling: 'lifo',
  });
  const single = new Agent({ keepAlive: false });
  const stale = new WeakSet<Error>();
  const authorities = new Authorities();

  return {
    send: (call) => start(call, kept),
    sendOnNew: (call) => start(call, single),
    wasStale: (error) => error instanceof Error && stale.has(error),
    close() {
      kept.destroy();
      single.destroy();
    },
  };

  function start(call: Call, agent: HttpAgent): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = openRequest(call, agent);
    watchConnecting(request, secure ? 'secureConnect' : 'connect', connectMs);
    request.once('response', resolve);
    // This listener is never removed: an error without a listener would terminate the process.
    request.on('error', (error: Error) => {
      if (request.reusedSocket && isReset(error)) {
        stale.add(error);
      }
      reject(call.signal.aborted ? call.signal.reason : error);
    });
    request.end(call.body);
    return promise;
  }

  function openRequest(call: Call, agent: HttpAgent): ClientRequest {
    const options: RequestOptions = {
      hostname: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port,
      method: call.method,
      path: call.path,
      headers: call.headers,
      signal: call.signal,
      agent,
      localAddress,
      ...(secure && authorities.trusted(call.ca)),
    };
    return secure ? httpsRequest(options) : httpRequest(options);
  }
}

function watchConnecting(request: ClientRequest, connected: string, connectMs: number): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) {
      return;
    }
    // setKeepAlive has no effect before `connect`.
    socket.once('connect', () => socket.setKeepAlive(PROBES));
    const timer = setTimeout(() => request.destroy(new TimeoutError('connect', connectMs)), connectMs);
    const stop = (): void => clearTimeout(timer);
    socket.once(connected, stop);
    request.once('close', stop);
  });
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
