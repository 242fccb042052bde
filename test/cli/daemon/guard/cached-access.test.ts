import { describe, expect, it } from 'vitest';
import type { Access } from '../../../../agent/cluster/api/access.ts';
import { cachedAccess } from '../../../../agent/cli/daemon/guard/cached-access.ts';

interface Scene {
  readonly asked: string[];
  readonly time: { ms: number };
  answer: (token: string) => Promise<Access>;
  readonly access: (token: string) => Promise<Access>;
}

function scene(): Scene {
  const asked: string[] = [];
  const time = { ms: 1000 };
  const own: Scene = {
    asked,
    time,
    answer: async () => 'allowed',
    access: cachedAccess(
      (token) => {
        asked.push(token);
        return own.answer(token);
      },
      () => time.ms,
    ),
  };
  return own;
}

describe('cachedAccess', () => {
  it.each<Access>(['allowed', 'unknown', 'forbidden'])(
    'repeats "%s" for a minute and no longer',
    async (said) => {
      const own = scene();
      own.answer = async () => said;
      expect(await own.access('a')).toBe(said);
      own.answer = async () => (said === 'allowed' ? 'forbidden' : 'allowed');
      own.time.ms += 59_999;
      expect(await own.access('a')).toBe(said);
      expect(own.asked).toEqual(['a']);
      own.time.ms += 1;
      expect(await own.access('a')).not.toBe(said);
      expect(own.asked).toEqual(['a', 'a']);
    },
  );

  it('keeps tokens apart, also those that begin alike', async () => {
    const own = scene();
    own.answer = async (token) => (token === 'abc' ? 'allowed' : 'forbidden');
    expect(await Promise.all(['abc', 'ab', 'abcd', 'ABC'].map(own.access))).toEqual([
      'allowed',
      'forbidden',
      'forbidden',
      'forbidden',
    ]);
    expect(own.asked).toHaveLength(4);
  });

  it('asks once for questions about one token at the same time', async () => {
    const own = scene();
    expect(await Promise.all([own.access('a'), own.access('a')])).toEqual(['allowed', 'allowed']);
    expect(own.asked).toEqual(['a']);
  });

  it('asks again after a question that was not answered', async () => {
    const own = scene();
    own.answer = async () => {
      throw new Error('away');
    };
    await expect(own.access('a')).rejects.toThrow('away');
    own.answer = async () => 'allowed';
    expect(await own.access('a')).toBe('allowed');
  });

  it('remembers a hundred tokens, and forgets the one that it learned first', async () => {
    const own = scene();
    for (let number = 0; number <= 100; number += 1) await own.access(`t${number}`);
    own.asked.length = 0;
    for (const token of ['t100', 't1', 't0']) await own.access(token);
    expect(own.asked).toEqual(['t0']);
  });

  it('has at most 20 open questions, and none of them is lost', async () => {
    const own = scene();
    const gate = Promise.withResolvers<Access>();
    own.answer = () => gate.promise;
    const open = Array.from({ length: 20 }, (_, number) => own.access(`t${number}`));
    await expect(own.access('more')).rejects.toThrow('at most 20 open questions');
    gate.resolve('allowed');
    expect(new Set(await Promise.all(open))).toEqual(new Set(['allowed']));
    expect(await own.access('more')).toBe('allowed');
  });
});
