import { describe, expect, it } from 'vitest';
import { createPodPoller, type PodPoller } from '../../../agent/node/decide/pod-poller.ts';

function looks(random = 0): {
  readonly pods: PodPoller;
  readonly clock: { at: number };
  readonly asked: boolean[];
  answers: boolean;
} {
  const clock = { at: 1_000_000 };
  const made = { clock, asked: new Array<boolean>(), answers: true };
  const cluster = {
    sysctlPods: async ({ latest }: { readonly latest: boolean }) => {
      made.asked.push(latest);
      if (!made.answers) throw new Error('connect ECONNREFUSED');
      return [];
    },
  };
  const pods = createPodPoller(cluster, { now: () => new Date(clock.at) }, () => random);
  return Object.assign(made, { pods });
}

/** The pauses in seconds between the first looks of a restart that goes on waiting. */
async function pausesOf(made: ReturnType<typeof looks>, count: number): Promise<readonly number[]> {
  const pauses: number[] = [];
  for (let look = 0; look < count; look += 1) {
    await made.pods.now('a restart');
    const pause = made.pods.next().getTime() - made.clock.at;
    pauses.push(pause / 1000);
    made.clock.at += pause;
  }
  return pauses;
}

describe('the pods', () => {
  it('are asked for at 5 s first and then ever more seldom, at last once a minute', async () => {
    expect(await pausesOf(looks(), 7)).toEqual([5, 5, 10, 20, 40, 60, 60]);
  });

  it('are asked for at other moments by each node', async () => {
    expect(await pausesOf(looks(0.8), 2)).toEqual([6, 7.2]);
  });

  it('are asked for every 5 s while nobody answers, however long that lasts', async () => {
    const made = looks();
    made.answers = false;
    expect(await pausesOf(made, 30)).toEqual(Array.from({ length: 30 }, () => 5));
  });

  it('are asked for once for the same restart until then, and at once for another one', async () => {
    const made = looks();
    await made.pods.now('a restart');
    made.clock.at += 4999;
    await made.pods.now('a restart');
    expect(made.asked).toEqual([false]);
    await made.pods.now('another restart');
    expect(made.asked).toHaveLength(2);
  });

  it('are not known, and why, when the API server does not answer', async () => {
    const made = looks();
    made.answers = false;
    expect(await made.pods.now('a restart')).toEqual({ kind: 'unknown', why: 'connect ECONNREFUSED' });
  });

  it('looked at anew replace what was remembered', async () => {
    const made = looks();
    await made.pods.now('a restart');
    made.answers = false;
    await made.pods.latest('a restart');
    expect(await made.pods.now('a restart')).toMatchObject({ kind: 'unknown' });
    expect(made.asked).toEqual([false, true]);
  });
});
