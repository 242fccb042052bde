// A small HTTP/1.1 transport to the API server: keep-alive, JSON, bounded in time and size.
// client-node's transport would double the agent's memory, and it opens a new TLS connection for each request.

import type { IncomingMessage } from 'node:http';
import { apiError, bodyOf, jsonOf } from './response.ts';
import { Cancellation } from './cancellation.ts';
import { openConnections, type Call, type Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { ApiError, TimeoutError } from './errors.ts';
import { lines } from './lines.ts';
import { MERGE_PATCH } from './media-types.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Absolute path on the API server. The caller has escaped its segments. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  /** Default application/json. */
  readonly accept?: string;
  /** Timeout of the whole exchange, connecting included. */
  readonly timeoutMs?: number;
  /** It is safe to send it twice. Default: true for GET and merge patches. */
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when the body is empty. */
  readonly body: unknown;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Timeout of the response head, connecting included. */
  readonly answerMs?: number;
  /** The stream fails with a TimeoutError when no byte arrives for this long. */
  readonly silenceMs: number;
  /** Called when the server has accepted the request and the stream begins. */
  readonly onOpen?: () => void;
  readonly signal: AbortSignal;
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
      const exchange = begin(request);
      try {
        const response = await exchange.response();
        const body = await bodyOf(response, limits.maxBodyBytes);
        return { status: response.statusCode ?? 0, body: jsonOf(body) };
      } catch (error) {
        throw exchange.failure(error);
      } finally {
        exchange.end();
      }
    },

    async *read(request) {
      const exchange = begin(request);
      try {
        yield* bytesOf(await exchange.response());
      } catch (error) {
        throw exchange.failure(error);
      } finally {
        exchange.end();
      }
    },

    async *stream(request) {
      const ending = new Cancellation(request.signal);
      const call = callOf({ method: 'GET', ...request }, ending.signal);
      const answerMs = request.answerMs ?? limits.requestMs;
      const timer = setTimeout(() => ending.cancel(new TimeoutError('answer', answerMs)), answerMs);
      try {
        const response = await authorised(call, (authorisedCall) => connections.sendOnNew(authorisedCall));
        clearTimeout(timer);
        request.onOpen?.();
        yield* lines(untilSilent(response, request.silenceMs, ending), limits.maxLineBytes);
      } catch (error) {
        throw ending.reason ?? error;
      } finally {
        clearTimeout(timer);
        ending.cancel(new Error('The stream was closed by its reader'));
        ending.dispose();
      }
    },

    close: () => connections.close(),
  };

  /** Starts the timeout of one request, which includes reading the response. The caller must call `end`. */
  function begin(request: ApiRequest): {
    response(): Promise<IncomingMessage>;
    failure(error: unknown): unknown;
    end(): void;
  } {
    const deadline = new Cancellation(request.signal);
    const timeoutMs = request.timeoutMs ?? limits.requestMs;
    const timer = setTimeout(() => deadline.cancel(new TimeoutError('answer', timeoutMs)), timeoutMs);
    return {
      response: () => {
        const call = callOf(request, deadline.signal);
        return authorised(call, (authorisedCall) => sendOnce(authorisedCall, request));
      },
      failure: (error) => deadline.reason ?? error,
      end: () => {
        clearTimeout(timer);
        deadline.dispose();
      },
    };
  }

  /** Sends with the token. If the token or the certificate is refused, retries once with freshly read ones: they may have been rotated. */
  async function authorised(
    call: Call,
    send: (call: Call) => Promise<IncomingMessage>,
  ): Promise<IncomingMessage> {
    try {
      return await answered(call, false, send);
    } catch (error) {
      const mayBeStale = (error instanceof ApiError && error.status === 401) || isCertificateError(error);
      if (!mayBeStale) {
        throw error;
      }
      return answered(call, true, send);
    }
  }

  async function answered(
    call: Call,
    fresh: boolean,
    send: (call: Call) => Promise<IncomingMessage>,
  ): Promise<IncomingMessage> {
    const [token, ca] = await Promise.all([credentials.token(fresh), credentials.ca(fresh)]);
    const headers =
      token === undefined ? call.headers : { ...call.headers, authorization: `Bearer ${token}` };
    const response = await send({ ...call, headers, ca });
    if ((response.statusCode ?? 0) >= 400) {
      throw await apiError(response);
    }
    return response;
  }

  /** The server may close a kept connection just as the request is sent: retries an idempotent request on a new connection. */
  async function sendOnce(call: Call, request: ApiRequest): Promise<IncomingMessage> {
    try {
      return await connections.send(call);
    } catch (error) {
      if (connections.wasStale(error) && isIdempotent(request) && !call.signal.aborted) {
        return connections.sendOnNew(call);
      }
      throw error;
    }
  }

  function callOf(request: Omit<ApiRequest, 'signal'>, signal: AbortSignal): Call {
    const query = new URLSearchParams(request.query).toString();
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    return {
      method: request.method,
      path: query === '' ? request.path : `${request.path}?${query}`,
      headers: {
        accept: request.accept ?? 'application/json',
        'user-agent': limits.userAgent,
        ...(body && {
          'content-type': request.contentType ?? 'application/json',
          'content-length': String(body.byteLength),
        }),
      },
      body,
      signal,
      ca: undefined,
    };
  }
}

function isIdempotent(request: ApiRequest): boolean {
  return (
    request.idempotent ??
    (request.method === 'GET' || (request.method === 'PATCH' && request.contentType === MERGE_PATCH))
  );
}

/** True for OpenSSL's errors of certificate verification: a rotated authority causes one of these. */
function isCertificateError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE_FAILURE)/.test(code);
}

async function* bytesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of response) {
    yield Buffer.from(chunk);
  }
}

/** The chunks of a response. Cancels it with a TimeoutError when none arrives for `silenceMs`. */
async function* untilSilent(
  response: IncomingMessage,
  silenceMs: number,
  ending: Cancellation,
): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => ending.cancel(new TimeoutError('stream', silenceMs)), silenceMs);
  try {
    for await (const chunk of response) {
      timer.refresh();
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}
