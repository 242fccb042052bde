// Parses and validates the lines of a watch and the response of a list.

import { errorOfStatus } from '../http/response.ts';
import { ApiError, InvalidResponseError } from '../http/errors.ts';
import { isObject, objectAt, type JsonObject } from '../http/json.ts';
import { versionOf, versionIn } from '../http/version.ts';

export type WatchEvent =
  /** Without a version the object cannot be parsed, and a watch resumes from its previous version. */
  | {
      readonly type: 'changed' | 'deleted';
      readonly object: JsonObject;
      readonly version: string | undefined;
    }
  | { readonly type: 'bookmark'; readonly version: string }
  | { readonly type: 'error'; readonly error: ApiError };

/** A list of at most one object. */
export interface Listed {
  readonly object: JsonObject | undefined;
  readonly version: string;
}

/** Parses one line of a watch. Throws an InvalidResponseError for anything but an event. */
export function parseWatchEvent(line: string): WatchEvent {
  const event = eventOf(line);
  const object = objectAt(event, 'object');
  switch (event['type']) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'changed', object, version: versionIn(object) };
    case 'DELETED':
      return { type: 'deleted', object, version: versionIn(object) };
    case 'BOOKMARK':
      return { type: 'bookmark', version: versionOf(object) };
    case 'ERROR':
      return { type: 'error', error: errorOfStatus(object) };
    default:
      throw new InvalidResponseError(`Expected a watch event, got type ${JSON.stringify(event['type'])}`);
  }
}

/** Parses the list for a fieldSelector on one name. Throws an InvalidResponseError for anything else. */
export function parseList(body: unknown): Listed {
  const list = objectAt(body);
  const items: unknown = list['items'] ?? [];
  if (!Array.isArray(items) || items.length > 1) {
    throw new InvalidResponseError('Expected a list of at most one object');
  }
  const item: unknown = items[0];
  if (item !== undefined && !isObject(item)) {
    throw new InvalidResponseError('Expected the items of a list to be objects');
  }
  return { object: item, version: versionOf(list) };
}

/** True when the API server reports, by HTTP status or ERROR event, that the version to resume from is too old. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
  );
}

function eventOf(line: string): JsonObject {
  try {
    return objectAt(JSON.parse(line));
  } catch (cause) {
    throw new InvalidResponseError(
      `Expected a watch event in JSON, got ${line.length} characters of something else`,
      {
        cause,
      },
    );
  }
}
