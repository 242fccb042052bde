// Scans assignments like systemd's parse_env_file_internal, and records the raw bytes behind every byte of a value.

/** A part of a raw value with one kind of quoting; offsets exclude the quotes. */
export interface Section {
  readonly kind: 'unquoted' | 'single' | 'double';
  readonly from: number;
  readonly to: number;
}

/** An assignment as scanned, with a key that may be invalid. Strings are byte strings. */
export interface RawAssignment {
  readonly key: string;
  readonly value: string;
  /** The offset of the key. */
  readonly from: number;
  /** The offset after the `=`. */
  readonly valueFrom: number;
  /** The end of the raw value: its newline, or the end of the file. */
  readonly to: number;
  /** For each byte of the value: the start and end of its raw bytes, and the index of its section in `parts`. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly sections: readonly number[];
  readonly parts: readonly Section[];
}

/**
 * Returns all assignments of a file, given as a byte string without NUL. Mirrors parse_env_file_internal (systemd
 * src/basic/env-file.c). `commentEndsAtEscape`: a backslash does not continue a comment, as in systemd from 254 on.
 */
export function scanEnvironment(text: string, commentEndsAtEscape: boolean): readonly RawAssignment[] {
  const found: RawAssignment[] = [];
  for (let at = 0; at < text.length;) {
    const char = text.charAt(at);
    if (WHITESPACE.includes(char)) at++;
    else if (COMMENTS.includes(char)) at = skipComment(text, at, commentEndsAtEscape);
    else {
      const equals = endOfKey(text, at);
      if (text.charAt(equals) === '=') {
        const assignment = scanValue(text, at, equals);
        found.push(assignment);
        at = assignment.to;
      } else at = equals;
    }
  }
  return found;
}

const WHITESPACE = ' \t\n\r';
const NEWLINE = '\n\r';
const COMMENTS = '#;';
const ESCAPED_IN_DOUBLE = '"\\`$';

function skipComment(text: string, from: number, commentEndsAtEscape: boolean): number {
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (NEWLINE.includes(char)) return at;
    if (char !== '\\') continue;
    if (commentEndsAtEscape && NEWLINE.includes(text.charAt(at + 1))) return at + 1;
    at++;
  }
  return text.length;
}

/** Returns the offset of the key's `=`, or of the end of a line without one. The first char always belongs to the key. */
function endOfKey(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text.charAt(at) === '=' || NEWLINE.includes(text.charAt(at))) return at;
  }
  return text.length;
}

function scanValue(text: string, from: number, equals: number): RawAssignment {
  const value = new ValueBuilder(text);
  let at = equals + 1;
  for (;;) {
    while (at < text.length && ' \t'.includes(text.charAt(at))) at++;
    const char = text.charAt(at);
    if (char === '' || NEWLINE.includes(char)) break;
    if (char === "'") at = value.single(at + 1);
    else if (char === '"') at = value.double(at + 1);
    else {
      at = value.unquoted(at);
      break;
    }
  }
  const key = text.slice(from, equals).replace(/[ \t]+$/, '');
  return { key, from, valueFrom: equals + 1, to: Math.min(at, text.length), ...value.done() };
}

/** Collects a value byte by byte. Each method reads one section from its first byte and returns the offset after it. */
class ValueBuilder {
  readonly #text: string;
  readonly #value: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #sections: number[] = [];
  readonly #parts: Section[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  done(): Pick<RawAssignment, 'value' | 'starts' | 'ends' | 'sections' | 'parts'> {
    return {
      value: this.#value.join(''),
      starts: this.#starts,
      ends: this.#ends,
      sections: this.#sections,
      parts: this.#parts,
    };
  }

  single(from: number): number {
    let at = from;
    for (; at < this.#text.length && this.#text.charAt(at) !== "'"; at++) this.#take(at, at, at + 1);
    this.#parts.push({ kind: 'single', from, to: at });
    return at + 1;
  }

  double(from: number): number {
    let at = from;
    while (at < this.#text.length && this.#text.charAt(at) !== '"') {
      const next = this.#text.charAt(at + 1);
      if (this.#text.charAt(at) !== '\\') {
        this.#take(at, at, at + 1);
        at += 1;
      } else {
        if (next !== '' && ESCAPED_IN_DOUBLE.includes(next)) this.#take(at + 1, at, at + 2);
        else if (next !== '' && next !== '\n') {
          this.#take(at, at, at + 1);
          this.#take(at + 1, at + 1, at + 2);
        }
        at += 2;
      }
    }
    const to = Math.min(at, this.#text.length);
    this.#parts.push({ kind: 'double', from, to });
    return to + 1;
  }

  unquoted(from: number): number {
    let at = from;
    let kept = this.#value.length;
    while (at < this.#text.length && !NEWLINE.includes(this.#text.charAt(at))) {
      const char = this.#text.charAt(at);
      if (char === '\\') {
        const next = this.#text.charAt(at + 1);
        if (next !== '' && !NEWLINE.includes(next)) this.#take(at + 1, at, at + 2);
        kept = this.#value.length;
        at += 2;
      } else {
        this.#take(at, at, at + 1);
        if (!' \t'.includes(char)) kept = this.#value.length;
        at += 1;
      }
    }
    for (const list of [this.#value, this.#starts, this.#ends, this.#sections]) list.length = kept;
    const to = Math.min(at, this.#text.length);
    this.#parts.push({ kind: 'unquoted', from, to });
    return to;
  }

  #take(source: number, start: number, end: number): void {
    this.#value.push(this.#text.charAt(source));
    this.#starts.push(start);
    this.#ends.push(end);
    this.#sections.push(this.#parts.length);
  }
}
