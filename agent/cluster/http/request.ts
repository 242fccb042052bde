// A request as its caller writes it, and the call that it becomes.

import type { Call } from './connections.ts';
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

/** The call that `request` becomes, still without credentials. Its body is JSON; aborting `signal` ends it. */
export function callOf(request: Omit<ApiRequest, 'signal'>, userAgent: string, signal: AbortSignal): Call {
  const query = new URLSearchParams(request.query).toString();
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  return {
    method: request.method,
    path: query === '' ? request.path : `${request.path}?${query}`,
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': userAgent,
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

/** Whether sending `request` twice does no harm. */
export function isIdempotent(request: ApiRequest): boolean {
  return (
    request.idempotent ??
    (request.method === 'GET' || (request.method === 'PATCH' && request.contentType === MERGE_PATCH))
  );
}
