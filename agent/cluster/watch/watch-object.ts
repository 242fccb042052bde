// Watches one object.

import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../http/json.ts';
import type { Transport } from '../http/transport.ts';
import { objectReader } from '../objects/readable.ts';
import { parseList } from './watch-event.ts';
import { watchLoop, type Listing, type Watch, type WatchOptions } from './watch-loop.ts';

export interface ObjectWatchOptions<T> extends WatchOptions {
  readonly transport: Pick<Transport, 'request' | 'stream'>;
  /** The collection, `/api/v1/nodes`. A fieldSelector selects the object, so that RBAC's resourceNames apply. */
  readonly path: string;
  readonly name: string;
  /** May throw: the last object is then kept. */
  readonly parse: (object: JsonObject) => T;
  /** Called once after the first list, and then for every difference; undefined: the object does not exist. */
  readonly onChange: (object: T | undefined) => void;
}

/**
 * Calls `onChange` with the current object and after every change, until stopped. A relist with the same content calls
 * nothing. Each failure costs one request and a pause with full jitter.
 */
export function watchObject<T>(options: ObjectWatchOptions<T>): Watch {
  const { transport, path, name, parse, onChange } = options;
  const read = objectReader(options.onUnreadable);
  const query = { fieldSelector: `metadata.name=${name}` };
  let last: { readonly object: T | undefined } | undefined;

  return watchLoop({ path, query, list, changed: show, deleted: () => show(undefined) }, options);

  async function list(signal: AbortSignal, timeoutMs: number): Promise<Listing> {
    const answer = await transport.request({ method: 'GET', path, query, timeoutMs, signal });
    const { object, version } = parseList(answer.body);
    return { version, takeIn: () => show(object) };
  }

  /** Calls `onChange` and returns true when the object differs from the last one. */
  function show(object: JsonObject | undefined): boolean {
    const known = object && read(object, parse);
    const next = { object: known?.value };
    const isUnreadable = object !== undefined && known === undefined;
    if (isUnreadable || isDeepStrictEqual(last, next)) {
      return false;
    }
    last = next;
    onChange(next.object);
    return true;
  }
}
