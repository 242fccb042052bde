// Computes the value of the kubelet's arguments with our flag in it, as an unquoted byte string.

import { quoteWord, splitWords, type Word } from '../words.ts';

/** Consecutive words. */
export interface WordRange {
  readonly at: number;
  readonly words: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Replaces the bytes from `from` to before `to` of a value by `text`. */
export interface Splice extends Span {
  readonly text: string;
}

export interface CandidateValue {
  readonly text: string;
  /** The changes of the old value, in order; undefined when the whole value is rewritten. */
  readonly splices: readonly Splice[] | undefined;
}

/**
 * Returns candidate values, the one with the fewest changes first. Their words are those of the old value with the flag at
 * the place of its first use, or at the end. Each was split again to check that.
 */
export function candidateValues(
  value: string,
  uses: readonly WordRange[],
  flag: string | undefined,
): readonly CandidateValue[] {
  const words = splitWords(value);
  const expected = expectedWords(words, uses, flag);
  const splices = splicesFor(value, words, uses, flag);
  const candidates: readonly CandidateValue[] = [
    { text: applySplices(value, splices), splices },
    { text: expected.map(quoteWord).join(' '), splices: undefined },
  ];
  return candidates.filter(({ text }) => sameWords(splitWords(text), expected));
}

function expectedWords(
  words: readonly Word[],
  uses: readonly WordRange[],
  flag: string | undefined,
): readonly string[] {
  const [first] = uses;
  const ours = flag === undefined ? [] : [flag];
  const kept = words.flatMap(({ text }, index) => {
    if (index === first?.at) return ours;
    return uses.some(({ at, words: count }) => index >= at && index < at + count) ? [] : [text];
  });
  return first === undefined ? [...kept, ...ours] : kept;
}

function splicesFor(
  value: string,
  words: readonly Word[],
  uses: readonly WordRange[],
  flag: string | undefined,
): readonly Splice[] {
  const spanOf = ({ at, words: count }: WordRange): Span => ({
    from: words[at]?.from ?? 0,
    to: words[at + count - 1]?.to ?? 0,
  });
  if (flag === undefined) return joinNeighbours(uses).map((use) => removal(value, spanOf(use)));
  const [first, ...others] = uses.map(spanOf);
  if (first !== undefined) {
    return [{ ...first, text: quoteWord(flag) }, ...others.map((span) => removal(value, span))];
  }
  const end = words.at(-1)?.to ?? 0;
  return [{ from: end, to: end, text: words.length === 0 ? quoteWord(flag) : ` ${quoteWord(flag)}` }];
}

/** Joins adjacent uses into one range, so that the blank between them is removed once. */
function joinNeighbours(uses: readonly WordRange[]): readonly WordRange[] {
  return uses.reduce<readonly WordRange[]>((joined, use) => {
    const last = joined.at(-1);
    if (last === undefined || last.at + last.words !== use.at) return [...joined, use];
    return [...joined.slice(0, -1), { at: last.at, words: last.words + use.words }];
  }, []);
}

/** Removes one separating blank too: the one before, or for the first word the one after. */
function removal(value: string, span: Span): Splice {
  if (span.from > 0) return { from: span.from - 1, to: span.to, text: '' };
  return { from: 0, to: Math.min(span.to + 1, value.length), text: '' };
}

function applySplices(value: string, splices: readonly Splice[]): string {
  return splices
    .toReversed()
    .reduce((text, { from, to, text: by }) => text.slice(0, from) + by + text.slice(to), value);
}

function sameWords(words: readonly Word[], expected: readonly string[]): boolean {
  return words.length === expected.length && words.every(({ text }, index) => text === expected[index]);
}
