import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrap } from '../../../scripts/demo/wrap.ts';

describe('wrap', () => {
  it('breaks at spaces, keeps paragraphs and indentation, and lets a long word stand out', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a\n\n  b c d', 5)).toEqual(['a', '', '  b c', '  d']);
    expect(wrap('a incomprehensible b', 5)).toEqual(['a', 'incomprehensible', 'b']);
  });

  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  it('loses no word and keeps to the width', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (words, width) => {
        const lines = wrap(words.join(' '), width);
        expect(lines.join(' ')).toBe(words.join(' '));
        for (const line of lines) expect(line.length <= width || !line.includes(' ')).toBe(true);
      }),
    );
  });
});
