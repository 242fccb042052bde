// An agent and an API server that goes wrong: what it does meanwhile, and how soon it is right again.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../scripts/bed/util/until.ts';
import { ENVIRONMENT_FILE } from '../../scripts/fakes/fake-host.ts';
import * as faults from './support/api/api-faults.ts';
import {
  ASKED_WITHIN_MS,
  mostRequests,
  SECONDS_MS,
  type Storm,
  STORM_MS,
  STORMS,
} from './support/api/api-storms.ts';
import { byLength, LENGTH, printFigures, seconds } from './support/length.ts';
import { meetAnew, openScene, rideOut, type Ridden, type Scene, writesIn } from './support/api/scene.ts';

/** For one change: Working, proven, Done; and as many Events. */
const MOST_REPORTS = 3;
const MOST_EVENTS = 3;
const GONE_MS = 600_000;
const LONGEST_ROTATION_MS = 180_000;

describe.concurrent('an agent beside an API server in trouble', () => {
  it.each(STORMS)('applies within seconds what was edited during: $name', async (storm) => {
    await using scene = await openScene(`faults-${slug(storm.name)}`);
    const ridden = await riddenOut(scene, storm);
    expect(ridden.restarts).toBe(1);
    expectWritesOf(1, ridden.after);
    expect(ridden.during.length).toBeLessThanOrEqual(mostRequests(storm.lastsMs));
  });

  it('works slowly while answers are slow', async () => {
    await using scene = await openScene('faults-slow');
    const { restarts } = await scene.agent.stats();
    await meetAnew(faults.slow(1000, 64, 5))(scene);
    const names = await scene.edit();
    const rightMs = await scene.awaitRunning(names, 120_000);
    printFigures('heads 1 s late, bodies in drops', { 'right after': seconds(rightMs) });
    await scene.awaitDone(names);
    expect((await scene.agent.stats()).restarts - restarts).toBe(1);
  });

  it('has no failures while its token is rotated every 2 s and each lives for 10 s', async () => {
    await using scene = await openScene('faults-rotation');
    const { proxy, agent } = scene;
    await handOver(scene, 10_000);
    const [before, began] = [await agent.stats(), proxy.asked.length];
    const least = performance.now() + byLength({ short: 20_000, long: 120_000 });
    const refusals = (): number => proxy.asked.slice(began).filter(({ status }) => status === 401).length;
    const isOver = (): boolean => {
      const now = performance.now();
      return now > least && (refusals() > 0 || now > least + LONGEST_ROTATION_MS);
    };
    const [rotations, edits] = await Promise.all([rotate(scene, isOver), editAgainAndAgain(scene, isOver)]);
    const asked = proxy.asked.slice(began);
    printFigures('token rotated every 2 s', {
      rotations,
      edits: edits.length,
      'slowest edit': seconds(Math.max(...edits)),
      'answers 401': refusals(),
      writes: writesIn(asked).length,
    });
    expect(refusals()).toBeGreaterThan(0);
    expect((await agent.stats()).warnings).toEqual(before.warnings);
    expectWritesOf(
      edits.length,
      asked.filter(({ status }) => status !== 401),
    );
  });

  it('recovers from an expired token when the file has a new one', async () => {
    await using scene = await openScene('faults-expired');
    const { proxy } = scene;
    await handOver(scene, 3000);
    const isRefused = async (): Promise<boolean> => {
      const began = proxy.asked.length;
      const answers = (): readonly number[] => proxy.asked.slice(began).map(({ status }) => status);
      proxy.cut();
      await until(() => answers().some((status) => status > 0), { timeoutMs: 20_000, everyMs: 50 });
      return answers().includes(401);
    };
    expect(await until(isRefused, { timeoutMs: 90_000, everyMs: 500 })).toBe(true);
    const ridden = await riddenOut(scene, {
      name: 'token expired',
      begin: () => {},
      lastsMs: STORM_MS,
      end: async ({ agent, node }) => agent.writeCredential('token', await node.token()),
      rightWithinMs: SECONDS_MS,
    });
    expect(ridden.during.every(({ status }) => status === 401)).toBe(true);
    expect(ridden.restarts).toBe(1);
    expectWritesOf(1, ridden.after);
    expect(ridden.during.length).toBeLessThanOrEqual(mostRequests(STORM_MS));
  });

  it.runIf(LENGTH === 'long')('detects that open streams have gone silent', async () => {
    await using scene = await openScene('faults-silent');
    const ridden = await riddenOut(scene, {
      name: 'open watches gone silent',
      begin: ({ proxy }) => proxy.silenceStreams(),
      lastsMs: 2000,
      end: () => {},
      // Only the missing bookmark shows it.
      askedWithinMs: 90_000 + ASKED_WITHIN_MS,
      rightWithinMs: 90_000 + SECONDS_MS,
    });
    expect(ridden.restarts).toBe(1);
    expectWritesOf(1, ridden.after);
  });
});

// For seconds, test/e2e/api/api-server-away.test.ts has it on four nodes.
it.runIf(LENGTH === 'long')(
  'the agent heals a hand edit during an API server outage, and is correct within seconds of its return',
  async () => {
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
        lastsMs: GONE_MS,
        editing: comeBack,
        end: ({ proxy }) => proxy.accept(),
        rightWithinMs: SECONDS_MS,
      });
      expect(ridden.warnings).toBeGreaterThan(1);
      expect(ridden.warnings).toBeLessThanOrEqual(mostRequests(GONE_MS));
      // The hand edit is healed before any kubelet takes it in.
      expect(ridden.restarts).toBe(1);
      expectWritesOf(2, ridden.after);
    } finally {
      if (!isBack) await comeBack();
    }
  },
);

async function riddenOut(scene: Scene, storm: Storm): Promise<Ridden> {
  const ridden = await rideOut(scene, storm);
  // A live watch sends no request.
  expect(ridden.askedMs ?? 0).toBeLessThan(storm.askedWithinMs ?? ASKED_WITHIN_MS);
  printFigures(storm.name, {
    lasted: seconds(storm.lastsMs),
    'policy asked for after': ridden.askedMs === undefined ? '-' : seconds(ridden.askedMs),
    'right after': seconds(ridden.rightMs),
    'requests meanwhile': ridden.during.length,
    'failures logged': ridden.warnings,
    'writes afterwards': writesIn(ridden.after).length,
    restarts: ridden.restarts,
  });
  return ridden;
}

/** Bounded by what really differed; reports and Events each. */
function expectWritesOf(differences: number, asked: Ridden['after']): void {
  const writes = writesIn(asked);
  const reports = writes.filter(({ method }) => method === 'PATCH');
  expect(reports.length).toBeLessThanOrEqual(differences * MOST_REPORTS);
  expect(writes.length - reports.length).toBeLessThanOrEqual(differences * MOST_EVENTS);
}

/** From now on the agent has a token that lives for `ms`: told once that its own is no good, it reads the file. */
async function handOver({ proxy, agent, node }: Scene, ms: number): Promise<void> {
  await agent.writeCredential('token', await node.shortLivedToken(ms));
  const began = proxy.asked.length;
  proxy.meet(faults.once(faults.refused(401, 'Unauthorized')));
  proxy.cut();
  const isTaken = (): boolean => proxy.asked.slice(began).some(({ status }) => status === 200);
  expect(await until(isTaken, { timeoutMs: 20_000, everyMs: 10 })).toBe(true);
}

/** Resolves with how often. */
async function rotate({ agent, node }: Scene, isOver: () => boolean): Promise<number> {
  let rotations = 0;
  for (; !isOver(); rotations += 1) {
    await agent.writeCredential('token', await node.shortLivedToken(10_000));
    await sleep(2000);
  }
  return rotations;
}

/** Resolves with the ms from each edit to the Node that shows it. */
async function editAgainAndAgain(scene: Scene, isOver: () => boolean): Promise<readonly number[]> {
  const took: number[] = [];
  while (!isOver()) {
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
