import { describe, expect, it } from 'vitest';
import { countedTransport } from '../../../agent/cluster/http/counted.ts';
import { ApiError, TimeoutError } from '../../../agent/cluster/http/errors.ts';
import type { Transport } from '../../../agent/cluster/http/transport.ts';

const GET = { method: 'GET', path: '/x' } as const;
const WATCH = { path: '/x', silenceMs: 1000, signal: new AbortController().signal };

function counted(behaviour: { readonly fails?: Error; readonly opens?: boolean } = {}): {
  transport: Transport;
  counts: string[];
} {
  const { fails, opens = true } = behaviour;
  const counts: string[] = [];
  const inner: Transport = {
    async request() {
      if (fails) throw fails;
      return { status: 201, body: undefined };
    },
    async *read() {
      yield new Uint8Array(1);
      if (fails) throw fails;
    },
    async *stream({ onOpen }) {
      if (opens) onOpen?.();
      yield 'line';
      if (fails) throw fails;
    },
    close: () => undefined,
  };
  return { transport: countedTransport(inner, (verb, code) => counts.push(`${verb} ${code}`)), counts };
}

const REFUSED = new ApiError({ status: 409, reason: 'Conflict', message: 'changed' });

async function all(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('countedTransport', () => {
  it('counts a request by its method and the status of its answer', async () => {
    const { transport, counts } = counted();
    await transport.request({ method: 'PATCH', path: '/x' });
    await all(transport.read(GET));
    expect(counts).toEqual(['PATCH 201', 'GET 200']);
  });

  it('counts a request that the API server refused by that status, and passes the error on', async () => {
    const { transport, counts } = counted({ fails: REFUSED });
    await expect(transport.request(GET)).rejects.toBe(REFUSED);
    await expect(all(transport.read(GET))).rejects.toBe(REFUSED);
    expect(counts).toEqual(['GET 409', 'GET 409']);
  });

  it('counts a request without an answer as error', async () => {
    const { transport, counts } = counted({ fails: new TimeoutError('answer', 1000) });
    await expect(transport.request(GET)).rejects.toThrow('API server');
    expect(counts).toEqual(['GET error']);
  });

  it('counts a watch once: when it begins, or when it is refused', async () => {
    const begun = counted({ fails: new Error('cut off') });
    let opened = 0;
    await expect(all(begun.transport.stream({ ...WATCH, onOpen: () => void (opened += 1) }))).rejects.toThrow(
      'cut off',
    );
    expect(begun.counts).toEqual(['WATCH 200']);
    expect(opened).toBe(1);
    const refused = counted({ fails: REFUSED, opens: false });
    await expect(all(refused.transport.stream(WATCH))).rejects.toBe(REFUSED);
    expect(refused.counts).toEqual(['WATCH 409']);
  });
});
