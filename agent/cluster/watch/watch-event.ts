// One line of a watch, and the answer of a list, read and checked.

import { errorOfStatus } from '../http/response.ts';
import { ApiError, InvalidResponseError } from '../http/errors.ts';
import { isObject, objectAt, type JsonObject } from '../http/json.ts';
import { versionOf, versionIn } from '../http/version.ts';

export type WatchEvent =
  /** Without a version the object cannot be read, and a watch resumes from where it was. */
  | {
      readonly type: 'changed' | 'deleted';
      readonly object: JsonObject;
      readonly version: string | undefined;
    }
  | { readonly type: 'bookmark'; readonly version: string }
  | { readonly type: 'error'; readonly error: ApiError };

/** What a list of at most one object says. */
export interface Listed {
  readonly object: JsonObject | undefined;
  readonly version: string;
}

/** Reads one line of a watch. Throws BadAnswer for what is no event. */
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

/** Reads the list that a fieldSelector on one name gives. Throws BadAnswer for anything else. */
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

/** True when the version to resume from is too old, over HTTP or as an ERROR event. */
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
