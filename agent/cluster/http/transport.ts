// A small HTTP/1.1 transport to the API server: keep-alive, JSON, bounded in time and size.
// client-node's own would double the agent's memory and opens a new TLS connection for every request.

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
  /** Absolute path on the API server; its segments already escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  /** Default application/json. */
  readonly accept?: string;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs?: number;
  /** Sending it twice does no harm. Default: true for GET and merge patches. */
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
  /** For the head of the answer, connecting included. */
  readonly answerMs?: number;
  /** The stream fails with NoAnswer once not a single byte came for this long. */
  readonly silenceMs: number;
  /** Called when the server has accepted the request and the stream begins. */
  readonly onOpen?: () => void;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** Rejects with ApiError for a status of 400 or more, NoAnswer, BadAnswer, or the socket's own error. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** The bytes of an answer as they come, however many; errors as for `request`. */
  read(request: ApiRequest): AsyncIterable<Uint8Array>;
  /** The lines of a long GET, each stream on a connection of its own; errors as for `request`. Ends when the server ends it. */
  stream(request: StreamRequest): AsyncIterable<string>;
  /** Closes every connection. */
  close(): void;
}

export interface TransportOptions {
  readonly connectMs?: number;
  /** Requests under way at a time; the others wait for a connection. Streams do not count. */
  readonly maxConnections?: number;
  /** Default for a request as a whole, and for the head of a stream's answer. */
  readonly requestMs?: number;
  readonly maxBodyBytes?: number;
  readonly maxLineBytes?: number;
  readonly userAgent?: string;
  /** Of this machine, to connect from. Default: as it routes. */
  readonly localAddress?: string;
  /** Default: straight to the credentials' server. */
  readonly connections?: Connections;
}

/** An object is at most 1.5 MiB in etcd; JSON's escapes may swell it. */
const DEFAULTS = {
  connectMs: 10_000,
  maxConnections: 2,
  requestMs: 30_000,
  maxBodyBytes: 8 * 1024 * 1024,
  maxLineBytes: 4 * 1024 * 1024,
  userAgent: 'kubelet-sysctl-agent',
} satisfies Required<Omit<TransportOptions, 'connections' | 'localAddress'>>;

/** A transport that speaks as `credentials` say. It opens nothing before the first request. */
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
        yield* lines(heard(response, request.silenceMs, ending), limits.maxLineBytes);
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

  /** One request within its time, which covers the reading of the answer too. */
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

  /** Sends with our token; a refused token is read again from disk, since it may have been rotated, and tried once more. */
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

  /** A kept connection may have been closed by the server just as we wrote: then nobody answered, and we ask again on a new one. */
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

/** OpenSSL's verdicts on a chain of certificates; a rotated authority shows as one of these. */
function isCertificateError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE_FAILURE)/.test(code);
}

async function* bytesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of response) {
    yield Buffer.from(chunk);
  }
}

/** The chunks of a response, cut off when none came for `silenceMs`. */
async function* heard(
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
