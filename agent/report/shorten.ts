// Texts that must fit: annotations and Events have limits in bytes.

const ELLIPSIS = '…';

/** The text itself, or its beginning and an ellipsis, in at most `maxBytes` of UTF-8; no character is cut in two. */
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

/** Every byte of a UTF-8 character but its first. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
