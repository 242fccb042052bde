// Shortens texts to the byte limits of annotations and Events.

const ELLIPSIS = '…';
const QUOTES_BYTES = 2;

/** Returns the text, or its beginning and an ellipsis, in at most `maxBytes` of UTF-8; never splits a character. */
export function shorten(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= maxBytes) {
    return text;
  }
  let end = Math.max(0, maxBytes - Buffer.byteLength(ELLIPSIS));
  while (end > 0 && isContinuation(bytes[end])) {
    end -= 1;
  }
  return `${bytes.subarray(0, end).toString('utf8')}${ELLIPSIS}`;
}

/**
 * Like `shorten`, for a text that becomes a string in JSON, where a line break takes two bytes and another control character
 * six. `maxBytes` is at least five and includes the quotes.
 */
export function shortenInJson(text: string, maxBytes: number): string {
  if (jsonBytes(text) <= maxBytes) {
    return text;
  }
  let room = maxBytes - jsonBytes(ELLIPSIS);
  let end = 0;
  for (const character of text) {
    room -= jsonBytes(character) - QUOTES_BYTES;
    if (room < 0) break;
    end += character.length;
  }
  return `${text.slice(0, end)}${ELLIPSIS}`;
}

/** Returns the number of bytes of UTF-8 that this text or list takes as JSON. */
export function jsonBytes(value: string | readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** True for every byte of a UTF-8 character except its first. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
