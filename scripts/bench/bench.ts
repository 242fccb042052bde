// One run of the bench: makes a cluster, measures, and removes it.

import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHostPackages } from '../bed/build/host-packages.ts';
import type { Log } from '../bed/util/progress.ts';
import { driftRounds } from './drift.ts';
import type { Figures } from './report/figures.ts';
import { KUBERNETES_VERSION, makeGround } from './ground.ts';
import { watchIdle } from './live.ts';
import { loadOfMinute, thisMachine } from './measure/machine.ts';
import type { BenchOptions } from './options.ts';
import { sideBySide } from './side-by-side.ts';

/** Load per minute below which the machine is quiet; an idle cluster causes about half of it. */
const QUIET_LOAD = 0.7;
const QUIET_PATIENCE_MS = 180_000;
const QUIET_LOOK_MS = 5000;

export async function bench({ rounds, idleSeconds }: BenchOptions, log: Log): Promise<Figures> {
  await ensureHostPackages(log);
  await using ground = await makeGround(log);
  await log.step('Waiting for a low machine load', quiet);
  const machine = { ...thisMachine(KUBERNETES_VERSION), cgroupVersion: ground.agent.cgroupVersion };
  const change = await log.step('The change by hand and by the agent, alternating', (note) =>
    sideBySide(ground, rounds, note),
  );
  const driftMs = await log.step('Hand edits reported as drift', (note) => driftRounds(ground, rounds, note));
  const live = await log.step(`The idle agent for ${idleSeconds} s`, (note) =>
    watchIdle(ground, idleSeconds, note),
  );
  return { machine, change, driftMs, live };
}

/** Resolves when the last minute's load is low, or after a timeout: the figures then show the load. */
export async function quiet(note: (text: string) => void): Promise<void> {
  const deadline = performance.now() + QUIET_PATIENCE_MS;
  while (loadOfMinute() > QUIET_LOAD && performance.now() < deadline) {
    note(`load ${loadOfMinute().toFixed(2)}`);
    await sleep(QUIET_LOOK_MS);
  }
}
