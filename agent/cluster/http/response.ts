// Reads responses of the API server.

import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import { ApiError, InvalidResponseError } from './errors.ts';
import { isObject, objectAt, stringAt, type JsonObject } from './json.ts';

/** More than any Status has; the rest of a proxy's error page is not needed. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_EXCERPT = 256;

/**
 * The whole body as text. Rejects with an InvalidResponseError, and closes the connection, once it exceeds `maxBytes`. Reads by events:
 * an iterator takes a quarter of a small request's time.
 */
export function bodyOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= maxBytes) chunks.push(chunk);
    else
      response.destroy(
        new InvalidResponseError(`Expected a response of at most ${maxBytes} bytes, got more`),
      );
  });
  finished(response, (error) => {
    if (error) reject(error);
    else resolve(Buffer.concat(chunks, bytes).toString('utf8'));
  });
  return promise;
}

/** The parsed JSON; undefined for an empty text. Throws an InvalidResponseError for anything else. */
export function jsonOf(text: string): unknown {
  if (text === '') {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidResponseError(`Expected JSON from the API server, got ${excerpt(text)}`, { cause });
  }
}

/** The error for a response with a status of 400 or more. Never rejects. */
export async function apiError(response: IncomingMessage): Promise<ApiError> {
  const text = await bodyOf(response, MAX_ERROR_BYTES).catch(() => '');
  const status = parsed(text);
  const fallback = text === '' ? (response.statusMessage ?? '') : excerpt(text);
  return errorOfStatus(status ?? {}, {
    status: response.statusCode ?? 0,
    message: fallback,
    retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
  });
}

/** The error for a Status object. `known` holds values from the head of the response, of which status and delay take precedence. */
export function errorOfStatus(
  status: JsonObject,
  known: { status?: number; message?: string; retryAfterMs?: number | undefined } = {},
): ApiError {
  const code = status['code'];
  const seconds = objectAt(status, 'details')['retryAfterSeconds'];
  return new ApiError({
    status: known.status ?? (typeof code === 'number' ? code : 0),
    reason: stringAt(status, 'reason') ?? '',
    message: stringAt(status, 'message') ?? known.message ?? 'no message',
    retryAfterMs:
      known.retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined),
  });
}

/** A Retry-After header in ms from `now`; it holds seconds or an HTTP date. undefined when it holds neither. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  if (/^\s*\d+\s*$/.test(header)) {
    return Number(header) * 1000;
  }
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && value['kind'] === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return JSON.stringify(line.length > MAX_EXCERPT ? `${line.slice(0, MAX_EXCERPT)}…` : line);
}
