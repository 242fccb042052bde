import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { jsonBytes, shorten, shortenInJson } from '../../agent/report/shorten.ts';

describe('shorten', () => {
  it('does not change a text that fits exactly', () => {
    expect(shorten('größe', 7)).toBe('größe');
  });

  it('ends a longer one with an ellipsis within the limit', () => {
    expect(shorten('0123456789', 8)).toBe('01234…');
  });

  it('never cuts a character in two and never exceeds the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 40 }), (text, max) => {
        const short = shorten(text, max);
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(max);
        expect(short === text || text.startsWith(short.slice(0, -1))).toBe(true);
      }),
    );
  });
});

describe('shortenInJson', () => {
  it('does not change a text whose JSON fits exactly', () => {
    expect(shortenInJson('a\nb', 6)).toBe('a\nb');
  });

  it('ends a longer text with an ellipsis, and counts what JSON escapes', () => {
    expect(shortenInJson('\u0000\u0000\u0000', 12)).toBe('\u0000…');
  });

  it('never cuts a character in two and never exceeds the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 5, max: 40 }), (text, max) => {
        const short = shortenInJson(text, max);
        expect(jsonBytes(short)).toBeLessThanOrEqual(max);
        expect(short === text || text.startsWith(short.slice(0, -1))).toBe(true);
        expect(short.isWellFormed()).toBe(text.isWellFormed());
      }),
    );
  });
});
