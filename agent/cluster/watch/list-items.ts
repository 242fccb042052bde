// Streams the items of a List one by one: a whole list of pods would exceed the agent's memory.

import { jsonOf } from '../http/response.ts';
import { InvalidResponseError } from '../http/errors.ts';
import { isObject, objectAt, type JsonObject } from '../http/json.ts';

// Go's encoder prints a list of API objects without spaces and with metadata first. Neither text can occur within a string, where
// a backslash precedes every ". Buffer.indexOf does the search: V8 would compile a loop over every byte, which takes some megabytes.
const BEGIN = Buffer.from('"items":[');
const BETWEEN = Buffer.from('},{"metadata":{');
const END = /\]\}\s*$/u;
const LONGEST_END_BYTES = 16;
/** Kept of an item that is skipped: it may contain the start of BETWEEN or the end of the list. */
const KEPT_BYTES = Math.max(BETWEEN.length, LONGEST_END_BYTES);
/** Passed to `onTooLong`, to find the item's name. */
const BEGIN_BYTES = 1024;

/** An object takes at most 1.5 MiB in etcd; JSON's escapes may enlarge it. */
const MAX_OBJECT_BYTES = 4 * 1024 * 1024;

export interface ItemsOptions {
  /** Maximum of one item. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Called with the beginning of a longer item, which is then skipped. Default: throws. */
  readonly onTooLong?: (begin: Buffer, error: InvalidResponseError) => void;
  /** Called at the end with the List without its items. */
  readonly onFrame?: (frame: JsonObject) => void;
}

/**
 * The JSON of each item. Buffers one item at a time. Throws an InvalidResponseError once an item exceeds `maxBytes`, and at the end
 * when the input was not a whole List. A List in another print format yields one item that is not JSON.
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

/** The items as objects. Items whose JSON contains none of `containing` are skipped without being parsed. Throws as `itemsOf` does. */
export async function* objectsOf(
  chunks: AsyncIterable<Uint8Array>,
  { containing, ...options }: ItemsOptions & { readonly containing?: readonly string[] } = {},
): AsyncGenerator<JsonObject> {
  for await (const text of itemsOf(chunks, options)) {
    if (containing === undefined || containing.some((part) => text.includes(part))) {
      yield objectAt(jsonOf(text.toString('utf8')));
    }
  }
}

/** The last item (empty when there is none) and the List without its items. Throws when the list has no end. */
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
  // The matched end may belong to an array within an item.
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
