import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQuotedWords } from '../../agent/kubelet/quoted-words.ts';
import { quoted } from './shown-units.ts';

describe('readQuotedWords', () => {
  it.each([
    ['A=b "C=d e" F=', ['A=b', 'C=d e', 'F=']],
    [String.raw`"A=say \"hi\" to \$HOME, \`x\` and \\"`, ['A=say "hi" to $HOME, `x` and \\']],
    [String.raw`"A=1\n2\t3\r\a\b\f\v" B=1`, ['A=1\n2\t3\r\x07\b\f\v', 'B=1']],
    [String.raw`"A=\x20b\s\001\177\303\251 é\u20ac\U0001f600"`, ['A= b \x01\x7fé é€😀']],
    ['  A=1 \t B=à  ', ['A=1', 'B=à']],
    ['', []],
    ['""', ['']],
    ['A="b" B=c\\ [unprintable]', ['A="b"', 'B=c\\', '[unprintable]']],
  ])('splits %j into the strings that systemd printed', (line, words) => {
    expect(readQuotedWords(line)).toEqual({ words, rest: '' });
  });

  it.each([
    ['A=1 "B=2', '"B=2'],
    ['A=1 "B=2"C', '"B=2"C'],
  ])('stops in %j before the part that systemd never prints', (line, rest) => {
    expect(readQuotedWords(line).rest).toBe(rest);
  });

  it('returns every list of strings that systemd prints', () => {
    const text = fc.string({ unit: fc.oneof(ODD, fc.string({ minLength: 1, maxLength: 1 })), minLength: 1 });
    fc.assert(
      fc.property(fc.array(text), (strings) => {
        expect(readQuotedWords(quoted(strings))).toEqual({ words: strings, rest: '' });
      }),
      { numRuns: 2000 },
    );
  });
});

const ODD = fc.constantFrom(
  ' ',
  '\t',
  '\n',
  '\r',
  '"',
  "'",
  '\\',
  '$',
  '`',
  '\x01',
  '\x7f',
  '\u{a0}',
  'à',
  '\u{2028}',
  '\u{ffff}',
  '😀',
  '0',
  'x20',
);
