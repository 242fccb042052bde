// Thousands of reconnects without a pause between them: what they leave in the agent's memory.

import { expect, it } from 'vitest';
import { spreadOf } from '../../scripts/bench/report/statistics.ts';
import { until } from '../../scripts/bed/util/until.ts';
import * as faults from './support/api/api-faults.ts';
import { pass } from './support/api/api-proxy.ts';
import { SECONDS_MS } from './support/api/api-storms.ts';
import { LENGTH, megabytes, printFigures, seconds } from './support/length.ts';
import { openScene, type Scene } from './support/api/scene.ts';

/** In an hour without an API server each of two watches asks 720 times: pauses are 5 s in the mean. */
const HOUR = 1440;
const RECONNECTS = 6 * HOUR;
const ROUNDS = 4;
/** Less than what a single connection takes, if as many stayed as there are hours. */
const MOST_HEAP_GROWTH = 250_000;
/** The allocator takes and gives back by the megabyte. */
const MOST_GROWTH = 4_000_000;

it.runIf(LENGTH === 'long')("the agent's memory does not grow over six hours' reconnects", async () => {
  await using scene = await openScene('faults-hour', { haste: true });
  const rounds: AgentFigures[] = [];
  const began = performance.now();
  const before = scene.proxy.asked.length;
  // What is done for the first time takes memory for good.
  await reconnect(scene, RECONNECTS / ROUNDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    await reconnect(scene, RECONNECTS / ROUNDS);
    rounds.push(await scene.agent.stats());
  }
  const growth = growthOf(rounds);
  printFigures('reconnects without a pause', {
    requests: scene.proxy.asked.length - before,
    took: seconds(performance.now() - began),
    'heap at the end': megabytes(rounds.at(-1)?.heapBytes ?? 0),
    'anonymous memory at the end': megabytes(rounds.at(-1)?.anonymousBytes ?? 0),
    'heap grew by': megabytes(growth.heapBytes),
    'anonymous memory grew by': megabytes(growth.anonymousBytes),
  });
  expect(growth.heapBytes).toBeLessThan(MOST_HEAP_GROWTH);
  expect(growth.anonymousBytes).toBeLessThan(MOST_GROWTH);
});

type AgentFigures = Pick<Awaited<ReturnType<Scene['agent']['stats']>>, 'heapBytes' | 'anonymousBytes'>;

/** So many tries that fail in every way there is, and an edit that comes through at the end. */
async function reconnect(scene: Scene, requests: number): Promise<void> {
  const { proxy } = scene;
  const kinds = [
    faults.hangUp,
    faults.refused(503, 'ServiceUnavailable'),
    faults.page(500),
    faults.halved,
    faults.gone(),
    faults.cutAfter(1),
  ];
  for (const kind of kinds) {
    const enough = proxy.asked.length + requests / kinds.length;
    proxy.meet(kind);
    proxy.cut();
    const isEnough = (): boolean => proxy.asked.length >= enough;
    expect(await until(isEnough, { timeoutMs: 600_000, everyMs: 10 })).toBe(true);
  }
  proxy.meet(pass);
  proxy.cut();
  const names = await scene.edit();
  await scene.awaitRunning(names, SECONDS_MS);
  await scene.awaitDone(names);
}

/** From the median of the first half of the rounds to that of the second. */
function growthOf(rounds: readonly AgentFigures[]): AgentFigures {
  const grown = (key: keyof AgentFigures): number => {
    const values = rounds.map((figures) => figures[key]);
    return (
      spreadOf(values.slice(rounds.length / 2)).median - spreadOf(values.slice(0, rounds.length / 2)).median
    );
  };
  return { heapBytes: grown('heapBytes'), anonymousBytes: grown('anonymousBytes') };
}
