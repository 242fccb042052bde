import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { BadAnswer } from '../../agent/cluster/errors.ts';
import { itemsOf } from '../../agent/cluster/items.ts';
import { collect } from './fault-server.ts';

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const read = async (text: string, sizes: readonly number[] = [7], maxBytes = 10_000): Promise<unknown[]> =>
  (await collect(itemsOf(cut(Buffer.from(text), sizes), maxBytes))).map((item): unknown =>
    JSON.parse(item.toString()),
  );

const list = (items: unknown): object => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7', note: ']},{["\\' },
  items,
});

describe('itemsOf', () => {
  it('gives every item as it was, whatever is in it, wherever the bytes are cut and however it is printed', async () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 4 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    const indents = fc.constantFrom(0, 2);
    await fc.assert(
      fc.asyncProperty(fc.array(objects, { maxLength: 5 }), sizes, indents, async (items, turns, indent) => {
        const text = JSON.stringify(list(items), undefined, indent);
        expect(await read(text, turns)).toEqual(JSON.parse(JSON.stringify(items)));
      }),
    );
  });

  it.each([
    ['an empty list', list([])],
    ['a list that is null', list(null)],
  ])('gives nothing for %s', async (_title, object) => {
    expect(await read(JSON.stringify(object))).toEqual([]);
  });

  it('takes a list that the server names after its kind and type only at the end', async () => {
    expect(await read('{"items":[{"a":1}],"kind":"List"}')).toEqual([{ a: 1 }]);
  });

  it('never takes an answer that broke off for a whole list', async () => {
    const text = JSON.stringify(list([{ a: 1 }, { b: [2] }]));
    for (let length = 0; length < text.length; length += 1) {
      await expect(read(text.slice(0, length))).rejects.toThrow(BadAnswer);
    }
  });

  it.each([['{"kind":"Status","status":"Failure"}'], ['[{"a":1}]'], ['<html>'], ['']])(
    'refuses %s',
    async (text) => {
      await expect(read(text)).rejects.toThrow(BadAnswer);
    },
  );

  it('refuses an item that is longer than allowed before it is held, and counts each anew', async () => {
    const item = { a: 'x'.repeat(40) };
    const text = JSON.stringify(list([item, item, item]));
    const bytes = JSON.stringify(item).length;
    expect(await read(text, [5], bytes)).toHaveLength(3);
    await expect(read(text, [5], bytes - 1)).rejects.toThrow(BadAnswer);
  });
});
