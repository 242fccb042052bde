import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../../agent/host/files/turns.ts';

test('runs actions of one key one after the other, also after a failure, and actions of other keys in parallel', async () => {
  const inTurn = createTurns();
  const steps: string[] = [];
  const action = (name: string, ms: number) => async (): Promise<string> => {
    steps.push(`${name} begins`);
    await sleep(ms);
    steps.push(`${name} ends`);
    if (name === 'first') throw new Error(name);
    return name;
  };

  const all = await Promise.allSettled([
    inTurn('a', action('first', 30)),
    inTurn('a', action('second', 1)),
    inTurn('b', action('other', 1)),
  ]);

  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(steps).toEqual([
    'first begins',
    'other begins',
    'other ends',
    'first ends',
    'second begins',
    'second ends',
  ]);
});
