// A small HTTP/1.1 transport to the API server: keep-alive, JSON, bounded in time and size.
// client-node's transport would double the agent's memory, and it opens a new TLS connection for each request.

import type { IncomingMessage } from 'node:http';
import { authorised } from './auth.ts';
import { Deadline } from './cancellation.ts';
import { openConnections, type Call, type Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { callOf, isIdempotent, type ApiRequest } from './request.ts';
import { bodyOf, jsonOf } from './response.ts';
import { streamLines, type StreamRequest } from './stream.ts';

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when the body is empty. */
  readonly body: unknown;
}

export interface Transport {
  /** Rejects with an ApiError for a status of 400 or more, a TimeoutError, an InvalidResponseError, or the socket's own error. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** The bytes of a response of any size as they arrive; errors as for `request`. */
  read(request: ApiRequest): AsyncIterable<Uint8Array>;
  /** The lines of a long GET on its own connection; errors as for `request`. Ends when the server ends the response. */
  stream(request: StreamRequest): AsyncIterable<string>;
  /** Closes every connection. */
  close(): void;
}

export interface TransportOptions {
  readonly connectMs?: number;
  /** Maximum of concurrent requests; further ones wait for a connection. Streams do not count. */
  readonly maxConnections?: number;
  /** Default timeout of a whole request, and of the response head of a stream. */
  readonly requestMs?: number;
  readonly maxBodyBytes?: number;
  readonly maxLineBytes?: number;
  readonly userAgent?: string;
  /** A local address to connect from. Default: chosen by the routing table. */
  readonly localAddress?: string;
  /** Default: direct connections to the server of the credentials. */
  readonly connections?: Connections;
}

/** An object takes at most 1.5 MiB in etcd; JSON's escapes may enlarge it. */
const DEFAULTS = {
  connectMs: 10_000,
  maxConnections: 2,
  requestMs: 30_000,
  maxBodyBytes: 8 * 1024 * 1024,
  maxLineBytes: 4 * 1024 * 1024,
  userAgent: 'kubelet-sysctl-agent',
} satisfies Required<Omit<TransportOptions, 'connections' | 'localAddress'>>;

/** A transport that authenticates with `credentials`. It opens no connection before the first request. */
export function createTransport(credentials: Credentials, options: TransportOptions = {}): Transport {
  const limits = { ...DEFAULTS, ...options };
  const connections = options.connections ?? openConnections(credentials.server, limits);

  return {
    async request(request) {
      const deadline = deadlineOf(request);
      try {
        const response = await responseTo(request, deadline.signal);
        const body = await bodyOf(response, limits.maxBodyBytes);
        return { status: response.statusCode ?? 0, body: jsonOf(body) };
      } catch (error) {
        throw deadline.failure(error);
      } finally {
        deadline.end();
      }
    },

    async *read(request) {
      const deadline = deadlineOf(request);
      try {
        yield* bytesOf(await responseTo(request, deadline.signal));
      } catch (error) {
        throw deadline.failure(error);
      } finally {
        deadline.end();
      }
    },

    stream: (request) => streamLines(request, limits, openStream),
    close: () => connections.close(),
  };

  /** One request within its time, which covers the reading of the answer too. */
  function deadlineOf(request: ApiRequest): Deadline {
    return new Deadline(request.signal, request.timeoutMs ?? limits.requestMs);
  }

  function responseTo(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const call = callOf(request, limits.userAgent, signal);
    return authorised(credentials, call, (authorisedCall) => sendOnce(connections, authorisedCall, request));
  }

  function openStream(call: Call): Promise<IncomingMessage> {
    return authorised(credentials, call, (authorisedCall) => connections.sendOnNew(authorisedCall));
  }
}

/** A server may close a kept connection just as the request is written. It did not handle that request, so a new connection repeats it. */
async function sendOnce(connections: Connections, call: Call, request: ApiRequest): Promise<IncomingMessage> {
  try {
    return await connections.send(call);
  } catch (error) {
    if (connections.wasStale(error) && isIdempotent(request) && !call.signal.aborted) {
      return connections.sendOnNew(call);
    }
    throw error;
  }
}

async function* bytesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of response) {
    yield Buffer.from(chunk);
  }
}
