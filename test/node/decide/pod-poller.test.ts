import { describe, expect, it } from 'vitest';
import { createPodPoller, type PodPoller } from '../../../agent/node/decide/pod-poller.ts';

function poller(random = 0): {
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

/** The pauses in seconds between the first queries for a restart that keeps waiting. */
async function pausesOf(made: ReturnType<typeof poller>, count: number): Promise<readonly number[]> {
  const pauses: number[] = [];
  for (let query = 0; query < count; query += 1) {
    await made.pods.now('a restart');
    const pause = made.pods.next().getTime() - made.clock.at;
    pauses.push(pause / 1000);
    made.clock.at += pause;
  }
  return pauses;
}

describe('the pods', () => {
  it('are listed after 5 s first, then with growing pauses up to a minute', async () => {
    expect(await pausesOf(poller(), 7)).toEqual([5, 5, 10, 20, 40, 60, 60]);
  });

  it('are listed at a different time by each node', async () => {
    expect(await pausesOf(poller(0.8), 2)).toEqual([6, 7.2]);
  });

  it('are listed every 5 s while the API server does not answer', async () => {
    const made = poller();
    made.answers = false;
    expect(await pausesOf(made, 30)).toEqual(Array.from({ length: 30 }, () => 5));
  });

  it('are listed once for the same restart until the pause is over, and at once for another restart', async () => {
    const made = poller();
    await made.pods.now('a restart');
    made.clock.at += 4999;
    await made.pods.now('a restart');
    expect(made.asked).toEqual([false]);
    await made.pods.now('another restart');
    expect(made.asked).toHaveLength(2);
  });

  it('are unknown, with the error, when the API server does not answer', async () => {
    const made = poller();
    made.answers = false;
    expect(await made.pods.now('a restart')).toEqual({ kind: 'unknown', why: 'connect ECONNREFUSED' });
  });

  it('that `latest` lists replace the earlier answer', async () => {
    const made = poller();
    await made.pods.now('a restart');
    made.answers = false;
    await made.pods.latest('a restart');
    expect(await made.pods.now('a restart')).toMatchObject({ kind: 'unknown' });
    expect(made.asked).toEqual([false, true]);
  });
});
