import { expect, it } from 'vitest';
import { closest } from '../../agent/text/closest.ts';
import { anyOf, quote } from '../../agent/text/quote.ts';

it('shows control, invisible and direction-changing characters as escapes', () => {
  expect(quote('a\n\t\r\0\u001b[31m\u202e\u200b\u00a0b é')).toBe(
    String.raw`"a\n\t\r\u{0}\u{1b}[31m\u{202e}\u{200b}\u{a0}b é"`,
  );
});

it('cuts long text and says how long it was', () => {
  expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}… (81 characters)"`);
  expect(quote('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
});

it('does not split a character at the cut', () => {
  expect(quote(`${'x'.repeat(79)}😀`)).not.toMatch(/\p{Cs}/u);
});

it('joins choices with commas, and with or before the last', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(anyOf)).toEqual(['', 'a', 'a or b', 'a, b or c']);
});

it('finds the closest word, ignoring case, and none when all are too far', () => {
  const words = ['mode', 'paused', 'allowedUnsafeSysctls'];
  expect(closest('mod', words)).toBe('mode');
  expect(closest('PAUSED', words)).toBe('paused');
  expect(closest('allowedUnsafeSystcls', words)).toBe('allowedUnsafeSysctls');
  expect(closest('unrelated', words)).toBeUndefined();
  expect(closest('', words)).toBeUndefined();
  expect(closest('kernel.hostname', ['kernel.domainname'], 2)).toBeUndefined();
});
