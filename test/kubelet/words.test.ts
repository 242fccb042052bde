import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoteWord, splitWords, wordTexts } from '../../agent/kubelet/words.ts';

it.each([
  ['', []],
  [' \t\r\n', []],
  ['--a  --b\n--c', ['--a', '--b', '--c']],
  [`--a='x y' --b="z"`, ['--a=x y', '--b=z']],
  [`''`, ['']],
  [String.raw`'\x' "\y" \z`, ['x', 'y', 'z']],
  [`--a='x y`, ['--a=x y']],
  ['--a\\', ['--a']],
  ['\\', ['']],
  [String.raw`a\ b`, ['a b']],
])('splits %j as systemd does', (value, words) => {
  expect(wordTexts(value)).toEqual(words);
});

it('returns the range of the value that each word comes from', () => {
  const value = ` --a  'b c'\\ d `;
  expect(splitWords(value).map(({ from, to }) => value.slice(from, to))).toEqual(['--a', `'b c'\\ d`]);
});

it('splits every quoted word back into that word', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\n', "'", '"', '\\', '$', 'é') });
  fc.assert(
    fc.property(fc.array(text), (words) => {
      expect(wordTexts(words.map(quoteWord).join(' '))).toEqual(words);
    }),
  );
});
