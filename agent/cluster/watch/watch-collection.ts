// Watches all objects of a collection.

import { InvalidResponseError } from '../http/errors.ts';
import { objectAt, stringAt, type JsonObject } from '../http/json.ts';
import { objectsOf } from './list-items.ts';
import { objectReader } from '../objects/readable.ts';
import type { Transport } from '../http/transport.ts';
import { watchLoop, type Listing, type Watch, type WatchOptions } from './watch-loop.ts';
import { versionOf } from '../http/version.ts';

export interface CollectionWatchOptions<T> extends WatchOptions {
  readonly transport: Pick<Transport, 'read' | 'stream'>;
  /** `/api/v1/nodes`. */
  readonly path: string;
  /** Query of lists and watches, such as a fieldSelector. */
  readonly query?: Readonly<Record<string, string>>;
  /** Lists may be slightly stale: the API server's cache then finds the pods of one node without reading all pods. */
  readonly listsFromCache?: boolean;
  /** Lists so many objects at a time, each page within the timeout of a list. Default: all in one answer. */
  readonly pageSize?: number;
  /** Listed objects whose JSON contains none of these are skipped without being parsed. Default: all are parsed. */
  readonly containing?: readonly string[];
  /** The unique key of an object. Default: its name. */
  readonly keyOf?: (object: JsonObject) => string;
  /** May throw: the object is then skipped as if it did not exist. The result must not keep references into the JSON. */
  readonly parse: (object: JsonObject) => T;
  /** Called when a list begins. Unless `listsFromCache`, the list contains everything written before. */
  readonly onListing?: () => void;
  /** Called with all objects by key. Returns true when they differ from the known ones. */
  readonly onList: (objects: ReadonlyMap<string, T>) => boolean;
  readonly onChanged: (key: string, object: T) => void;
  readonly onDeleted: (key: string) => void;
}

/** The list of a large cluster's Nodes takes 100 MB. */
const LIST_MS = 60_000;

/**
 * Lists the objects, then reports each change, until stopped. Unless `listsFromCache`, a list comes from etcd or from an equally
 * recent cache (no resourceVersion): it contains everything written before it began. It is never buffered as a whole.
 */
export function watchCollection<T>(options: CollectionWatchOptions<T>): Watch {
  const { transport, path, query = {}, keyOf = nameOf, parse } = options;
  const { onListing, onList, onChanged, onDeleted } = options;
  const read = objectReader(options.onUnreadable);
  return watchLoop({ path, query, listing: onListing, list, changed, deleted }, options);

  function changed(json: JsonObject): void {
    const known = read(json, entryOf);
    if (known !== undefined) {
      onChanged(...known.value);
    }
  }

  function deleted(json: JsonObject): void {
    const key = read(json, keyOf);
    if (key !== undefined) {
      onDeleted(key.value);
    }
  }

  function entryOf(json: JsonObject): [string, T] {
    return [keyOf(json), parse(json)];
  }

  async function list(signal: AbortSignal): Promise<Listing> {
    const objects = new Map<string, T>();
    let frame = await page(signal, objects, undefined);
    // The pages of one list are of one version. It may expire before the last of them; the list then fails, and begins again.
    for (let next = nextOf(frame); next !== undefined; next = nextOf(frame)) {
      frame = await page(signal, objects, next);
    }
    return { version: versionOf(frame), takeIn: () => onList(objects) };
  }

  /** Adds the objects of a page; resolves with the List without its items. */
  async function page(
    signal: AbortSignal,
    objects: Map<string, T>,
    next: string | undefined,
  ): Promise<JsonObject> {
    let frame: JsonObject = {};
    const chunks = transport.read({
      method: 'GET',
      path,
      query: {
        ...query,
        ...(options.listsFromCache === true && { resourceVersion: '0' }),
        ...(options.pageSize !== undefined && { limit: String(options.pageSize) }),
        ...(next !== undefined && { continue: next }),
      },
      timeoutMs: LIST_MS,
      signal,
    });
    const items = objectsOf(chunks, {
      ...(options.containing && { containing: options.containing }),
      onTooLong: (begin, error) => read(beginOf(begin), () => fail(error)),
      onFrame: (without) => {
        frame = without;
      },
    });
    for await (const object of items) {
      const known = read(object, entryOf);
      if (known !== undefined) {
        objects.set(...known.value);
      }
    }
    return frame;
  }
}

/** Where the list continues; undefined: it was the last page. */
function nextOf(frame: JsonObject): string | undefined {
  return stringAt(objectAt(frame, 'metadata'), 'continue') || undefined;
}

function nameOf(object: JsonObject): string {
  const name = stringAt(objectAt(object, 'metadata'), 'name') ?? '';
  if (name === '') {
    throw new InvalidResponseError('Expected an object with metadata.name, got one without');
  }
  return name;
}

/** The name of an object of which only the beginning is known, as an object for error reports. */
function beginOf(begin: Buffer): JsonObject {
  const name = /^\{"metadata":\{"name":"([^"]*)"/u.exec(begin.toString('utf8'))?.[1];
  return { metadata: { name } };
}

function fail(error: Error): never {
  throw error;
}
