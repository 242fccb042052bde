// Splits a stream of byte chunks into lines.

import { InvalidResponseError } from './errors.ts';

const NEWLINE = 0x0a;

/**
 * The lines of a UTF-8 stream without their newlines; empty lines are left out. It splits bytes, so a character that
 * spans two chunks stays whole. Throws an InvalidResponseError as soon as a line exceeds `maxBytes`, before it is buffered.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const hold = (part: Uint8Array): void => {
    heldBytes += part.byteLength;
    if (heldBytes > maxBytes) {
      throw new InvalidResponseError(
        `Expected lines of at most ${maxBytes} bytes, got one of more than ${heldBytes - 1}`,
      );
    }
    held.push(part);
  };
  const take = (): string => {
    const line = Buffer.concat(held, heldBytes).toString('utf8');
    held = [];
    heldBytes = 0;
    return line;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line.trim() !== '') {
        yield line;
      }
    }
    if (start < chunk.byteLength) {
      hold(chunk.subarray(start));
    }
  }
  const rest = take();
  if (rest.trim() !== '') {
    yield rest;
  }
}
