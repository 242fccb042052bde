import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { InvalidResponseError } from '../../../agent/cluster/http/errors.ts';
import { lines } from '../../../agent/cluster/http/lines.ts';
import { collect } from '../fault-server.ts';

async function* chunksOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

const linesOf = (parts: readonly Uint8Array[], maxBytes = 1000): Promise<string[]> =>
  collect(lines(chunksOf(parts), maxBytes));

describe('lines', () => {
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .map((line) => `x${line.replaceAll('\n', '')}`);

  it('yields the same lines wherever the bytes are cut, even within a character', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 8 }), sizes, async (wanted, turns) => {
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        const parts: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
          const size = turns[turn % turns.length] ?? 1;
          parts.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(await linesOf(parts)).toEqual(wanted);
      }),
    );
  });

  it('yields a last line without a newline', async () => {
    expect(await linesOf([Buffer.from('a\nb')])).toEqual(['a', 'b']);
  });

  it('leaves out empty lines', async () => {
    expect(await linesOf([Buffer.from('\n\na\n \n\nb\n')])).toEqual(['a', 'b']);
  });

  it('accepts a line of exactly the limit and throws at one byte more, even before the line ends', async () => {
    expect(await linesOf([Buffer.from('12345\n')], 5)).toEqual(['12345']);
    await expect(linesOf([Buffer.from('123'), Buffer.from('456')], 5)).rejects.toThrow(InvalidResponseError);
  });

  it('counts the bytes of each line separately', async () => {
    expect(await linesOf([Buffer.from('1234\n12'), Buffer.from('34\n1234')], 5)).toEqual([
      '1234',
      '1234',
      '1234',
    ]);
  });
});
