// The items of a List one by one, as the bytes come: a whole list of pods would be more than the agent may hold.

import { jsonOf } from './answer.ts';
import { BadAnswer } from './errors.ts';
import { isObject } from './fields.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What stands around the items: kind, apiVersion and metadata. */
const MAX_FRAME_BYTES = 64 * 1024;
/** How deep the fields of the List stand, and its items. */
const FIELDS = 1;
const ITEMS = 2;

/**
 * The JSON of each item. Holds one item at a time; throws BadAnswer once one is longer than `maxBytes`, and at the end
 * when what came was not a whole List.
 */
export async function* itemsOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  const nesting = new Nesting();
  const frame = new Held(MAX_FRAME_BYTES);
  const item = new Held(maxBytes);
  let into = frame;

  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const mark = nesting.step(chunk[at]);
      if (mark === OPEN_ARRAY && nesting.depth === ITEMS) {
        frame.add(chunk.subarray(start, at + 1));
        start = at + 1;
        into = item;
      } else if (mark === COMMA && nesting.depth === ITEMS && into === item) {
        item.add(chunk.subarray(start, at));
        start = at + 1;
        yield* item.take();
      } else if (mark === CLOSE_ARRAY && nesting.depth === FIELDS) {
        item.add(chunk.subarray(start, at));
        start = at;
        yield* item.take();
        into = frame;
      }
    }
    into.add(chunk.subarray(start));
  }
  checkFrame(frame.take());
}

/** How deep in JSON a byte stands. */
class Nesting {
  depth = 0;
  #inString = false;
  #escaped = false;

  /** The byte when it is one of JSON's marks; undefined within a string. `depth` is then that behind it. */
  step(byte: number | undefined): number | undefined {
    if (this.#inString) {
      this.#inString = this.#escaped || byte !== QUOTE;
      this.#escaped = !this.#escaped && byte === BACKSLASH;
      return undefined;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.depth += 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) this.depth -= 1;
    return byte;
  }
}

function checkFrame([bytes]: readonly Buffer[]): void {
  const frame = jsonOf(bytes?.toString('utf8') ?? '');
  if (!isObject(frame) || !String(frame['kind']).endsWith('List')) {
    throw new BadAnswer(
      `Expected a whole List from the API server, got ${bytes?.byteLength ?? 0} bytes of something else`,
    );
  }
}

/** Bytes that are being collected; none of them outlives its `take`. */
class Held {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    this.#bytes += part.byteLength;
    if (this.#bytes > this.#maxBytes) {
      throw new BadAnswer(`Expected an object of at most ${this.#maxBytes} bytes, got a longer one`);
    }
    this.#parts.push(part);
  }

  /** What was collected, if anything. */
  take(): [Buffer] | [] {
    const [first] = this.#parts;
    // Most items came in one piece: no copy then, which would double the garbage.
    const taken =
      first !== undefined && this.#parts.length === 1
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return taken.some((byte) => byte > SPACE) ? [taken] : [];
  }
}
