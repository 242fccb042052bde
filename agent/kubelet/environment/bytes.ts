// Byte strings: one char a byte (latin1), so that offsets are byte offsets and no byte is lost.

/** Returns the byte string of some bytes. */
export function toByteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Returns the bytes of a byte string. */
export function fromByteString(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** Returns the byte string of a text's UTF-8 encoding. */
export function encodeUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Returns the text that a byte string of valid UTF-8 encodes. */
export function decodeUtf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * Returns the offset of the first byte that systemd does not accept as UTF-8: malformed or overlong sequences, surrogates
 * and noncharacters (U+FDD0 to U+FDEF, U+xFFFE and U+xFFFF). undefined when all of it is valid.
 * Mirrors systemd's utf8_is_valid_n and unichar_is_valid (src/basic/utf8.c).
 */
export function invalidUtf8(bytes: string): number | undefined {
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === undefined) return at;
    at += length;
  }
  return undefined;
}

function sequenceLength(bytes: string, at: number): number | undefined {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return 1;
  const shape = SHAPES.find(({ mask, lead }) => (first & mask) === lead);
  if (shape === undefined || at + shape.length > bytes.length) return undefined;
  let point = first & ~shape.mask;
  for (let next = at + 1; next < at + shape.length; next++) {
    const byte = bytes.charCodeAt(next);
    if ((byte & 0xc0) !== 0x80) return undefined;
    point = point * 64 + (byte & 0x3f);
  }
  return point >= shape.least && isCharacter(point) ? shape.length : undefined;
}

const SHAPES = [
  { mask: 0xe0, lead: 0xc0, length: 2, least: 0x80 },
  { mask: 0xf0, lead: 0xe0, length: 3, least: 0x800 },
  { mask: 0xf8, lead: 0xf0, length: 4, least: 0x10000 },
] as const;

function isCharacter(point: number): boolean {
  if (point >= 0x110000 || (point >= 0xd800 && point <= 0xdfff)) return false;
  return !(point >= 0xfdd0 && point <= 0xfdef) && (point & 0xfffe) !== 0xfffe;
}
