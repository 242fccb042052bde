// Random schedules of one node's agent: each call of its ports takes time, is late or fails, the agent is killed at any call,
// and people edit at any time; at the end every invariant must hold. `npm run schedules` is the long form.
//
// KUBELET_SYSCTLS_SCHEDULES  number of schedules
// KUBELET_SYSCTLS_SEED       the seed that an earlier run printed
// KUBELET_SYSCTLS_PATH       its path to the failed schedule
// KUBELET_SYSCTLS_ONLY       schedules of one plot, such as E8 (scenario.ts)
// KUBELET_SYSCTLS_SURVEY     runs all schedules, and prints each kind of failure with its first schedule

import { fc } from '@fast-check/vitest';
import { expect, test, vi } from 'vitest';
import { runSchedule } from './run.ts';
import { PLOTS, scenarios } from './scenario.ts';
import { faultText, findingText, survey } from './survey.ts';

vi.mock('node:fs/promises', async (original) => {
  const { modelledFs } = await import('./model/fs-promises.ts');
  return { ...(await original<object>()), ...modelledFs() };
});
vi.mock('node:fs', async (original) => {
  const { modelledFsSync } = await import('./model/fs-promises.ts');
  return { ...(await original<object>()), ...modelledFsSync() };
});
vi.mock('execa', async (original) => {
  const { modelledExeca } = await import('./model/fs-promises.ts');
  return { ...(await original<object>()), execa: modelledExeca };
});

const FEW = 150;
/** Limit for shrinking a failed schedule, in ms. */
const SHORT_MS = 120_000;
const LONG_MS = 7_200_000;
const PROGRESS_EVERY = 1000;

const { env } = process;
const schedules = Number(env['KUBELET_SYSCTLS_SCHEDULES'] ?? FEW);
const seed = Number(env['KUBELET_SYSCTLS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const path = env['KUBELET_SYSCTLS_PATH'];
const only = PLOTS.find((name) => name === env['KUBELET_SYSCTLS_ONLY']);
const limitMs = schedules <= FEW ? SHORT_MS : LONG_MS;

test(
  'every invariant holds at the end, in any order of calls and with any fault',
  { timeout: LONG_MS },
  async () => {
    const isSurvey = env['KUBELET_SYSCTLS_SURVEY'] !== undefined;
    const fault = await (isSurvey ? firstOfEachKind() : smallestFault());
    expect(fault).toBe('');
  },
);

/** Returns the first failure of each kind; empty when all schedules pass. */
async function firstOfEachKind(): Promise<string> {
  const found = await survey(scenarios(only), { schedules, seed }, progress());
  return found.map(findingText).join('\n');
}

/** Returns an empty string when all schedules pass; throws with the smallest failed schedule, its seed and its path. */
async function smallestFault(): Promise<string> {
  const count = progress();
  const property = fc.asyncProperty(scenarios(only), async (scenario) => {
    const fault = faultText(await runSchedule(scenario));
    count();
    if (fault !== undefined) {
      throw new Error(fault);
    }
  });
  await fc.assert(property, {
    numRuns: schedules,
    seed,
    ...(path !== undefined && { path }),
    interruptAfterTimeLimit: limitMs,
  });
  return '';
}

/** Returns a function to call after each schedule. */
function progress(): () => void {
  const began = performance.now();
  let done = 0;
  return () => {
    done += 1;
    if (done % PROGRESS_EVERY === 0 || done === schedules) {
      const seconds = (performance.now() - began) / 1000;
      say(`${done} of ${schedules} schedules after ${seconds.toFixed(0)} s, seed ${seed}`);
    }
  };
}

function say(text: string): void {
  if (schedules > FEW || env['KUBELET_SYSCTLS_SURVEY'] !== undefined) {
    process.stderr.write(`${text}\n`);
  }
}
