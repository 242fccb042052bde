import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { InvalidResponseError } from '../../../agent/cluster/http/errors.ts';
import { itemsOf } from '../../../agent/cluster/watch/list-items.ts';
import { collect } from '../fault-server.ts';

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const read = async (text: string, sizes: readonly number[] = [7], maxBytes = 10_000): Promise<string[]> =>
  (await collect(itemsOf(cut(Buffer.from(text), sizes), { maxBytes }))).map((bytes) => bytes.toString());

const list = (items: unknown): string =>
  `${JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items })}\n`;
const item = (content: object): object => ({ metadata: { name: 'x' }, ...content });

describe('itemsOf', () => {
  it('yields every item unchanged, whatever its content and wherever the bytes are cut', async () => {
    const tricky = fc.constantFrom('},{"metadata":{', '"items":[', ']}', '\\', '"');
    const texts = fc.oneof(tricky, fc.string({ unit: 'binary' }));
    const objects = fc.dictionary(texts, fc.oneof(fc.jsonValue(), fc.array(texts)), { maxKeys: 4 }).map(item);
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(objects, { maxLength: 5 }), sizes, async (items, turns) => {
        expect(await read(list(items), turns)).toEqual(items.map((each) => JSON.stringify(each)));
      }),
    );
  });

  it.each([
    ['an empty list', []],
    ['a list that is null', null],
  ])('yields nothing for %s', async (_title, items) => {
    expect(await read(list(items))).toEqual([]);
  });

  it('throws for every list that is cut off', async () => {
    const text = list([item({ a: 1 }), item({ b: [2] })]).trim();
    for (let length = 0; length < text.length; length += 1) {
      await expect(read(text.slice(0, length))).rejects.toThrow(/Expected/u);
    }
  });

  it.each([
    ['{"kind":"Status","status":"Failure"}'],
    ['{"kind":"Status","items":null}'],
    ['{"kind":"Status","items":[]}'],
    ['[{"a":1}]'],
    ['<html>'],
    [''],
  ])('throws for a response that is not a List: %s', async (text) => {
    await expect(read(text)).rejects.toThrow(InvalidResponseError);
  });

  it('throws for an item beyond the limit before it is buffered, and counts each item separately', async () => {
    const long = item({ a: 'x'.repeat(200) });
    const bytes = JSON.stringify(long).length;
    expect(await read(list([long, long, long]), [5], bytes + 20)).toHaveLength(3);
    await expect(read(list([long, long, long]), [5], bytes - 1)).rejects.toThrow(InvalidResponseError);
  });

  it('skips a too long item at any position with onTooLong, and passes its beginning', async () => {
    const long = { metadata: { name: 'big' }, a: 'x'.repeat(500) };
    const [first, second] = [item({ b: 1 }), item({ b: 2 })];
    for (const items of [
      [long, first, second],
      [first, long, second],
      [first, second, long],
    ]) {
      for (const size of [1, 7, 64, 5000]) {
        const skipped: string[] = [];
        const options = { maxBytes: 100, onTooLong: (begin: Buffer) => skipped.push(begin.toString()) };
        const given = await collect(itemsOf(cut(Buffer.from(list(items)), [size]), options));
        const short = given.map((bytes) => bytes.toString()).filter((text) => text.length <= 100);
        expect(short).toEqual([JSON.stringify(first), JSON.stringify(second)]);
        // An item that arrives whole in one chunk is yielded, not skipped.
        expect(skipped.filter((begin) => !begin.includes('"name":"big"'))).toEqual([]);
        expect(skipped.length + given.length).toBe(3);
      }
    }
  });
});
