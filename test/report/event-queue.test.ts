import { describe, expect, it } from 'vitest';
import { eventQueue } from '../../agent/report/event-queue.ts';

describe('a queue of Events', () => {
  it('posts in order, keeps a refused Event and those after it, and posts no Event twice', async () => {
    const tried: string[] = [];
    const warnings: object[] = [];
    let refused = 'b';
    const queue = eventQueue<{ reason: string }>(
      async ({ reason }) => {
        tried.push(reason);
        if (reason === refused) throw new Error('refused');
      },
      (facts) => warnings.push(facts),
    );
    queue.add([{ reason: 'a' }, { reason: 'b' }, { reason: 'c' }]);
    expect(await queue.post()).toBe(false);
    expect([queue.isEmpty(), warnings]).toEqual([false, [{ event: 'b', err: new Error('refused') }]]);
    refused = '';
    expect(await queue.post()).toBe(true);
    expect(await queue.post()).toBe(true);
    expect([queue.isEmpty(), tried]).toEqual([true, ['a', 'b', 'b', 'c']]);
  });

  it('drops the oldest of more than twenty Events, and logs a warning', async () => {
    const posted: string[] = [];
    const warnings: object[] = [];
    const queue = eventQueue<{ reason: string }>(
      async ({ reason }) => void posted.push(reason),
      (facts) => warnings.push(facts),
    );
    for (let turn = 0; turn < 22; turn += 1) queue.add([{ reason: String(turn) }]);
    await queue.post();
    expect(warnings).toEqual([{ event: '0' }, { event: '1' }]);
    expect(posted).toEqual(Array.from({ length: 20 }, (_, turn) => String(turn + 2)));
  });
});
