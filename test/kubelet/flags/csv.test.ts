import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { CsvError, parseCsv, printCsv } from '../../../agent/kubelet/flags/csv.ts';

it.each([
  ['', []],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  [' a, b ', [' a', ' b ']],
  ['"a","b"', ['a', 'b']],
  ['"a,b"', ['a,b']],
  ['"a""b"', ['a"b']],
  ["'a'", ["'a'"]],
  ['a\nb', ['a']],
  ['\n\na', ['a']],
  ['"a\r\nb"', ['a\nb']],
  ['""', ['']],
  ['a\r', ['a']],
])('parses the list %j as Go does', (value, items) => {
  expect(parseCsv(value)).toEqual(items);
});

it.each(['a"b', '"a', '"a"b', '\n', '\r', '"'])('refuses the list %j as Go does', (value) => {
  expect(() => parseCsv(value)).toThrow(CsvError);
});

it('parses every list that it printed', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ') });
  fc.assert(
    fc.property(fc.array(text), (items) => {
      expect(parseCsv(printCsv(items))).toEqual(items);
    }),
  );
});
