// The API server's audit log: one JSON object a line, one or more lines a request.

import { join } from 'node:path';
import { isObject, objectAt, stringAt, type JsonObject } from '../../../agent/cluster/http/json.ts';

export interface AuditedRequest {
  /** The same in all lines of one request, such as the start and the end of a watch. */
  readonly id: string;
  /** When the API server received it, in epoch ms. */
  readonly at: number;
  readonly verb: string;
  readonly uri: string;
  /** As in `pods` and `pods/status`. */
  readonly resource: string;
  readonly user: string;
  /** The pod that the user's token is bound to; undefined for other users. */
  readonly pod: string | undefined;
  readonly node: string | undefined;
  /** The status of the answer; undefined in the lines before it. */
  readonly code: number | undefined;
}

const READS: readonly string[] = ['get', 'list', 'watch'];
const POD = 'authentication.kubernetes.io/pod-name';
const NODE = 'authentication.kubernetes.io/node-name';

export function auditLogOf(bed: { readonly folder: string }): string {
  return join(bed.folder, 'log', 'audit.log');
}

export function isWrite({ verb }: Pick<AuditedRequest, 'verb'>): boolean {
  return !READS.includes(verb);
}

/** Returns the requests in a part of the log, each once; ignores truncated lines. */
export function requestsIn(log: string): readonly AuditedRequest[] {
  const requests = log.split('\n').flatMap((line) => requestIn(line) ?? []);
  return [...new Map(requests.map((request) => [request.id, request])).values()];
}

/** Returns undefined for a truncated line. */
export function requestIn(line: string): AuditedRequest | undefined {
  const event = parsed(line);
  const id = stringAt(event, 'auditID');
  if (id === undefined) return undefined;
  const user = objectAt(event, 'user');
  const extra = objectAt(user, 'extra');
  const reference = objectAt(event, 'objectRef');
  const { code } = objectAt(event, 'responseStatus');
  const names = [stringAt(reference, 'resource'), stringAt(reference, 'subresource')];
  return {
    id,
    at: Date.parse(stringAt(event, 'requestReceivedTimestamp') ?? ''),
    verb: stringAt(event, 'verb') ?? '',
    uri: stringAt(event, 'requestURI') ?? '',
    resource: names.filter((name) => name !== undefined).join('/'),
    user: stringAt(user, 'username') ?? '',
    pod: firstAt(extra, POD),
    node: firstAt(extra, NODE),
    code: typeof code === 'number' ? code : undefined,
  };
}

function firstAt(extra: JsonObject, key: string): string | undefined {
  const values = extra[key];
  const first: unknown = Array.isArray(values) ? values[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}

function parsed(line: string): JsonObject {
  try {
    const event: unknown = JSON.parse(line);
    return isObject(event) ? event : {};
  } catch {
    return {};
  }
}
