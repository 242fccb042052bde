import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  historyAnnotation,
  HistoryError,
  MAX_HISTORY_BYTES,
  parseHistory,
} from '../../agent/report/history.ts';
import type { PastChange } from '../../agent/report/past-change.ts';
import { pastChange } from './past-change.ts';

/** Returns the changes as a reader of the annotation parses them; fails when the annotation is too long. */
function shown(history: readonly PastChange[]): readonly PastChange[] {
  const text = historyAnnotation(history) ?? '[]';
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
  return parseHistory(text);
}

const names = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `${prefix}_${at}`);

/** Short and long, with what JSON escapes. */
const text = fc
  .tuple(fc.array(fc.constantFrom('a', 'ä', '😀', '"', '\n', '\u0000', '\ud800')), fc.constantFrom(1, 1000))
  .map(([characters, times]) => characters.join('').repeat(times));
const NAMES = names(1000, 'net.ipv4.name');
const list = fc
  .tuple(fc.array(text, { maxLength: 5 }), fc.nat(500), fc.nat(500))
  .map(([entries, from, more]) => [...entries, ...NAMES.slice(from, from + more)]);
const anyChange: fc.Arbitrary<PastChange> = fc.record(
  {
    at: text,
    reason: text,
    revision: text,
    resourceVersion: text,
    file: text,
    before: fc.option(text),
    after: fc.option(text),
    from: list,
    to: list,
    result: fc.constantFrom('Done' as const, 'RolledBack' as const, 'Stuck' as const, 'Undone' as const),
    why: text,
  },
  { requiredKeys: ['at', 'reason', 'revision', 'file', 'before', 'after', 'from', 'to', 'result'] },
);

describe('historyAnnotation', () => {
  it('contains the last five changes unshortened, oldest first', () => {
    const changes = Array.from({ length: 7 }, (_none, at) => pastChange(at, { why: `cause ${at}` }));
    expect(shown(changes)).toEqual(changes.slice(-5));
  });

  it('returns undefined without a change', () => {
    expect(historyAnnotation([])).toBeUndefined();
    expect(historyAnnotation(undefined)).toBeUndefined();
  });

  it('shortens the oldest change first and keeps the newest whole', () => {
    const why = 'the kubelet ended: '.repeat(50);
    const long = names(20, 'net.ipv4.conf.name');
    const changes = Array.from({ length: 5 }, (_none, at) => pastChange(at, { why, to: long }));
    const [oldest, ...others] = shown(changes);
    expect(oldest?.why).toMatch(/^the kubelet ended: .*…$/u);
    expect(others.at(-1)).toEqual(changes.at(-1));
    expect(others).toHaveLength(4);
  });

  it('keeps the entries of long lists that differ, and counts the unchanged ones', () => {
    const same = names(300, 'net.ipv4.same');
    const change = pastChange(1, { from: [...same, 'kernel.sem'], to: ['net.core.somaxconn', ...same] });
    const few = pastChange(1, { from: same.slice(0, 100), to: same.slice(0, 101) });
    expect(shown([few])).toEqual([few]);
    expect(shown([change])).toEqual([
      {
        ...change,
        from: ['kernel.sem', '… and 300 unchanged'],
        to: ['net.core.somaxconn', '… and 300 unchanged'],
      },
    ]);
  });

  it('counts the differing entries that do not fit', () => {
    const change = pastChange(1, { from: ['kernel.sem'], to: names(500, 'net.ipv4.added') });
    const [{ from, to } = change] = shown([change]);
    expect(from).toEqual(['kernel.sem']);
    expect(to.slice(0, -1)).toEqual(change.to.slice(0, to.length - 1));
    expect(to.at(-1)).toBe(`… and ${500 - (to.length - 1)} more added`);
    expect(to.length).toBeGreaterThan(20);
  });

  it('contains five changes when every part of them is too long', () => {
    const [long, more] = ['\u0000'.repeat(10_000), names(1000, 'net.ipv4.name')];
    const words = { at: long, revision: long, resourceVersion: long, before: long, after: long };
    const texts = { reason: long, file: long, why: long, from: [...more, 'a'], to: ['b', long, ...more] };
    const change = pastChange(1, { ...words, ...texts, result: 'RolledBack' });
    expect(shown(Array.from({ length: 5 }, () => change))).toHaveLength(5);
    const others = { from: names(1000, 'net.ipv4.old'), to: names(1000, 'net.ipv4.new') };
    expect(shown(Array.from({ length: 5 }, () => ({ ...change, ...others })))).toHaveLength(5);
  });

  it('can be parsed, has the newest five changes and stays within its limit, for any history', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 10 }), (changes) => {
        const last = changes.slice(-5);
        const read = shown(changes);
        expect(read.map(({ result }) => result)).toEqual(last.map(({ result }) => result));
        for (const [at, change] of read.entries()) {
          expectBeginning(change.at, last[at]?.at);
          expectBeginning(change.why, last[at]?.why);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function expectBeginning(short: string | undefined, whole: string | undefined): void {
  expect(short === whole || whole?.startsWith(short?.replace(/…$/u, '') ?? '?')).toBe(true);
}

describe('parseHistory', () => {
  it.each([
    ['text that is no JSON', '[{'],
    ['JSON that is no list', '{}'],
    ['a change without a field', JSON.stringify([{ ...pastChange(1), to: undefined }])],
    ['a change with an unknown result', JSON.stringify([{ ...pastChange(1), result: 'Maybe' }])],
    ['nothing', ''],
  ])('refuses %s', (_title, annotation) => {
    expect(() => parseHistory(annotation)).toThrow(HistoryError);
  });
});
