// An agent and an API server that goes wrong: what it does meanwhile, and how soon it is right again.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../bed/until.ts';
import { ENVIRONMENT_FILE } from '../node/fake-host.ts';
import * as faults from './api-faults.ts';
import { mostRequests, SECONDS_MS, type Storm, STORM_MS, STORMS } from './api-storms.ts';
import { byLength, LENGTH, printFigures, seconds } from './length.ts';
import { meetAnew, openScene, rideOut, type Ridden, type Scene, writesIn } from './scene.ts';

/** For one change: two reports and two Events. */
const MOST_WRITES = 4;

describe.concurrent('an agent beside an API server in trouble', () => {
  it.each(STORMS)('applies within seconds what was edited during: $name', async (storm) => {
    await using scene = await openScene(`faults-${slug(storm.name)}`);
    const ridden = await riddenOut(scene, storm);
    expect(ridden.restarts).toBe(1);
    expect(writesIn(ridden.after).length).toBeLessThanOrEqual(MOST_WRITES);
    expect(ridden.during.length).toBeLessThanOrEqual(mostRequests(storm.lastsMs));
  });

  it('works, if slowly, where answers come slowly', async () => {
    await using scene = await openScene('faults-slow');
    const { restarts } = await scene.agent.stats();
    await meetAnew(faults.slow(1000, 64, 5))(scene);
    const names = await scene.edit();
    const rightMs = await scene.awaitRunning(names, 60_000);
    printFigures('heads 1 s late, bodies in drops', { 'right after': seconds(rightMs) });
    await scene.awaitDone(names);
    expect((await scene.agent.stats()).restarts - restarts).toBe(1);
  });

  it('fails at nothing while its token is rotated every 2 s and each lives for 10', async () => {
    await using scene = await openScene('faults-rotation');
    const ends = performance.now() + byLength({ short: 24_000, long: 120_000 });
    await handOver(scene, 10_000);
    const [before, began] = [await scene.agent.stats(), scene.proxy.asked.length];
    const [rotations, edits] = await Promise.all([rotate(scene, ends), editAgainAndAgain(scene, ends)]);
    const asked = scene.proxy.asked.slice(began);
    const refused = asked.filter(({ status }) => status === 401).length;
    printFigures('token rotated every 2 s', {
      rotations,
      edits: edits.length,
      'slowest edit': seconds(Math.max(...edits)),
      'answers 401': refused,
      writes: writesIn(asked).length,
    });
    expect(refused).toBeGreaterThan(0);
    expect((await scene.agent.stats()).warnings).toEqual(before.warnings);
    expect(writesIn(asked).length).toBeLessThanOrEqual(MOST_WRITES * edits.length + refused);
  });

  it('recovers from an expired token when its file has another', async () => {
    await using scene = await openScene('faults-expired');
    await handOver(scene, 3000);
    const isRefused = async (): Promise<boolean> => {
      scene.proxy.cut();
      await sleep(1000);
      return scene.proxy.asked.at(-1)?.status === 401;
    };
    expect(await until(isRefused, { timeoutMs: 60_000, everyMs: 0 })).toBe(true);
    const ridden = await riddenOut(scene, {
      name: 'token expired',
      begin: () => {},
      lastsMs: STORM_MS,
      end: async ({ agent, node }) => agent.writeCredential('token', await node.token()),
      rightWithinMs: SECONDS_MS,
    });
    expect(ridden.during.every(({ status }) => status === 401)).toBe(true);
    expect(ridden.restarts).toBe(1);
    expect(writesIn(ridden.after).length).toBeLessThanOrEqual(MOST_WRITES);
    // Each try is two requests, the second with the token read anew.
    expect(ridden.during.length).toBeLessThanOrEqual(2 * mostRequests(STORM_MS));
  });

  it.runIf(LENGTH === 'long')('finds out that open streams have gone silent', async () => {
    await using scene = await openScene('faults-silent');
    const ridden = await riddenOut(scene, {
      name: 'open watches gone silent',
      begin: ({ proxy }) => proxy.silenceStreams(),
      lastsMs: 2000,
      end: () => {},
      // Nothing tells of it but the bookmark that does not come.
      rightWithinMs: 90_000 + SECONDS_MS,
    });
    expect(ridden.restarts).toBe(1);
    expect(writesIn(ridden.after).length).toBeLessThanOrEqual(MOST_WRITES);
  });
});

it('an API server that was gone, and a hand edit meanwhile: right within seconds of its return', async () => {
  await using scene = await openScene('faults-gone');
  const { bed } = scene.world;
  let isBack = false;
  const comeBack = async (): Promise<void> => {
    await bed.startApiServer();
    isBack = true;
  };
  try {
    const ridden = await riddenOut(scene, {
      name: 'API server gone',
      begin: async ({ proxy, agent }) => {
        await Promise.all([proxy.refuse(), bed.stopApiServer()]);
        agent.edit(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=\n');
      },
      lastsMs: byLength({ short: 5000, long: 600_000 }),
      editing: comeBack,
      end: ({ proxy }) => proxy.accept(),
      rightWithinMs: SECONDS_MS,
    });
    // The hand edit is healed before any kubelet takes it in.
    expect(ridden.restarts).toBe(1);
    expect(writesIn(ridden.after).length).toBeLessThanOrEqual(2 * MOST_WRITES);
  } finally {
    if (!isBack) await comeBack();
  }
});

async function riddenOut(scene: Scene, storm: Storm): Promise<Ridden> {
  const ridden = await rideOut(scene, storm);
  printFigures(storm.name, {
    lasted: seconds(storm.lastsMs),
    'right after': seconds(ridden.rightMs),
    'requests meanwhile': ridden.during.length,
    'writes afterwards': writesIn(ridden.after).length,
    restarts: ridden.restarts,
  });
  return ridden;
}

/** From now on the agent has a token that lives for `ms`: told once that its own is no good, it reads the file. */
async function handOver({ proxy, agent, node }: Scene, ms: number): Promise<void> {
  await agent.writeCredential('token', await node.shortLivedToken(ms));
  proxy.meet(faults.once(faults.refused(401, 'Unauthorized')));
  proxy.cut();
  const isTaken = (): boolean => proxy.asked.at(-1)?.status === 200;
  expect(await until(isTaken, { timeoutMs: 10_000, everyMs: 10 })).toBe(true);
}

/** Resolves with how often. */
async function rotate({ agent, node }: Scene, ends: number): Promise<number> {
  let rotations = 0;
  for (; performance.now() < ends; rotations += 1) {
    await agent.writeCredential('token', await node.shortLivedToken(10_000));
    await sleep(2000);
  }
  return rotations;
}

/** Resolves with the ms from each edit to the Node that shows it. */
async function editAgainAndAgain(scene: Scene, ends: number): Promise<readonly number[]> {
  const took: number[] = [];
  while (performance.now() < ends) {
    const names = await scene.edit();
    took.push(await scene.awaitRunning(names, SECONDS_MS));
    await scene.awaitDone(names);
    await sleep(1000);
  }
  return took;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-');
}
