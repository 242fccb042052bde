import { expect, test } from 'vitest';
import { createLoop } from '../../agent/time/loop.ts';

const DAY_MS = 86_400_000;

test.each([DAY_MS, -DAY_MS])(
  'a pass is not late when the clock is set by %d ms before it is due',
  async (by) => {
    let now = 0;
    const due: number[] = [];
    const loop = createLoop(
      {
        now: () => new Date(now),
        monotonicMs: () => 0,
        sleep: () => Promise.resolve(),
        after: (ms) => {
          due.push(ms);
          return () => {};
        },
      },
      () => Promise.resolve(0),
    );

    loop.wakeAfter(600_000);
    now += by;
    loop.wakeAfter(30);
    loop.wakeAfter(500_000);

    expect(due).toEqual([600_000, 30]);
  },
);
