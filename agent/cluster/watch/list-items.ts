// The items of a List one by one, as the bytes come: a whole list of pods would be more than the agent may hold.

import { jsonOf } from '../http/response.ts';
import { InvalidResponseError } from '../http/errors.ts';
import { isObject, objectAt, type JsonObject } from '../http/json.ts';

// As Go's encoder prints a list of API objects: no spaces, metadata first. Neither text can stand within a string, where
// every " has a backslash before it. Searching for them leaves the work to Buffer.indexOf; a loop over every byte makes V8
// compile it, at the price of some megabytes.
const BEGIN = Buffer.from('"items":[');
const BETWEEN = Buffer.from('},{"metadata":{');
const END = /\]\}\s*$/u;
const LONGEST_END_BYTES = 16;
/** Of an item that is skipped: what may be the start of BETWEEN or the end of the list. */
const KEPT_BYTES = Math.max(BETWEEN.length, LONGEST_END_BYTES);
/** Of such an item, for its name. */
const BEGIN_BYTES = 1024;

/** An object is at most 1.5 MiB in etcd, and JSON's escapes may swell it. */
const MAX_OBJECT_BYTES = 4 * 1024 * 1024;

export interface ItemsOptions {
  /** Of one item. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Called with the beginning of an item that is longer; it is then skipped. Default: the list cannot be read. */
  readonly onTooLong?: (begin: Buffer, error: InvalidResponseError) => void;
  /** Called at the end with the List without its items. */
  readonly onFrame?: (frame: JsonObject) => void;
}

/**
 * The JSON of each item. Holds one item at a time; throws BadAnswer once one is longer than `maxBytes`, and at the end
 * when what came was not a whole List. A List that is printed otherwise comes as one item that is no JSON.
 */
export async function* itemsOf(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes = MAX_OBJECT_BYTES, onTooLong, onFrame }: ItemsOptions = {},
): AsyncGenerator<Buffer> {
  let head: Buffer | undefined;
  let held: Buffer = Buffer.alloc(0);
  let isSkipping = false;

  for await (const chunk of chunks) {
    let from = Math.max(0, held.length - BETWEEN.length);
    held = Buffer.concat([held, chunk]);
    if (head === undefined) {
      const begin = held.indexOf(BEGIN);
      if (begin !== -1) {
        head = held.subarray(0, begin + BEGIN.length);
        held = held.subarray(head.length);
        from = 0;
      }
    }
    if (head !== undefined) {
      let start = 0;
      for (let at = held.indexOf(BETWEEN, from); at !== -1; at = held.indexOf(BETWEEN, start)) {
        if (!isSkipping) {
          yield held.subarray(start, at + 1);
        }
        isSkipping = false;
        start = at + 2;
      }
      held = held.subarray(start);
    }
    if (held.length > maxBytes) {
      const error = new InvalidResponseError(
        `Expected an object of at most ${maxBytes} bytes, got a longer one`,
      );
      if (onTooLong === undefined || head === undefined) {
        throw error;
      }
      if (!isSkipping) {
        onTooLong(held.subarray(0, BEGIN_BYTES), error);
      }
      isSkipping = true;
    }
    if (isSkipping) {
      held = Buffer.from(held.subarray(-KEPT_BYTES));
    }
  }
  const { last, frame } = lastOf(head, held, isSkipping);
  if (last.length > 0) {
    yield last;
  }
  onFrame?.(frame);
}

/** The items as objects. Those in whose JSON `containing` does not occur are left out without being parsed. */
export async function* objectsOf(
  chunks: AsyncIterable<Uint8Array>,
  { containing, ...options }: ItemsOptions & { readonly containing?: string } = {},
): AsyncGenerator<JsonObject> {
  for await (const text of itemsOf(chunks, options)) {
    if (containing === undefined || text.includes(containing)) {
      yield objectAt(jsonOf(text.toString('utf8')));
    }
  }
}

/** The item before the end of the list, if there is one, and what is around the items. Throws when the list has no end. */
function lastOf(
  head: Buffer | undefined,
  rest: Buffer,
  isSkipped: boolean,
): { readonly last: Buffer; readonly frame: JsonObject } {
  if (head === undefined) {
    return { last: Buffer.alloc(0), frame: frameOf(rest.toString('utf8'), (items) => items === null) };
  }
  const end = END.exec(rest.subarray(-LONGEST_END_BYTES).toString('latin1'))?.[0] ?? '';
  const frame = frameOf(`${head.toString('utf8')}${end}`, Array.isArray);
  if (isSkipped) {
    return { last: Buffer.alloc(0), frame };
  }
  const last = rest.subarray(0, rest.length - end.length);
  // What looks like the end may be that of something within an item.
  jsonOf(last.toString('utf8'));
  return { last, frame };
}

function frameOf(text: string, holdsItems: (items: unknown) => boolean): JsonObject {
  const frame = jsonOf(text);
  if (!isObject(frame) || !String(frame['kind']).endsWith('List') || !holdsItems(frame['items'])) {
    throw new InvalidResponseError('Expected a whole List from the API server, got something else');
  }
  return frame;
}
