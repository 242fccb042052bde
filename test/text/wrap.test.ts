import { describe, expect, it } from 'vitest';
import { count, span } from '../../agent/text/count.ts';
import { someNames } from '../../agent/text/names.ts';
import { cut, wrap } from '../../agent/text/wrap.ts';

describe('wrap', () => {
  it('fills lines with words and breaks what is longer than a line', () => {
    expect(wrap('one two  three\nfour', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('a 1234567890 b', 4)).toEqual(['a', '1234', '5678', '90 b']);
    expect(wrap('  ', 4)).toEqual([]);
  });
});

describe('cut', () => {
  it('ends with an ellipsis within the width', () => {
    expect([cut('abcdef', 6), cut('abcdef', 5), cut('ab', 0)]).toEqual(['abcdef', 'abcd…', '…']);
  });
});

describe('someNames', () => {
  it('names as many as fit, at least one, and counts the rest', () => {
    expect(someNames(['a', 'b', 'c'], 20)).toBe('a, b, c');
    expect(someNames(['aaaa', 'bbbb', 'cccc'], 15)).toBe('aaaa and 2 more');
    expect(someNames(['aaaa', 'bbbb'], 1)).toBe('aaaa and 1 more');
    expect(someNames(['aaaa'], 1)).toBe('aaaa');
  });
});

describe('count and span', () => {
  it.each([
    [1, '1 node'],
    [0, '0 nodes'],
    [5000, '5,000 nodes'],
  ])('formats a count of %i', (number, text) => {
    expect(count(number, 'node')).toBe(text);
  });

  it.each([
    [8, '8 s'],
    [89, '89 s'],
    [240, '4 min'],
    [7200, '2 h'],
    [7800, '2 h 10 min'],
  ])('formats a span of %i seconds', (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });
});
