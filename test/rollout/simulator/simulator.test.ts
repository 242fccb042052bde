import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Run, simulate } from './simulator.ts';

const RUNS = Number(process.env['SIMULATED_ROLLOUTS'] ?? 60);
const TIMEOUT_MS = Math.max(120_000, RUNS * 1000);

describe('a simulated rollout over nodes that are slow, fail, vanish, return, join and are deleted', () => {
  it(
    'keeps to the pace at every approval, whatever happens, and comes to its end when the nodes behave',
    () => {
      const runs: Run[] = [];
      fc.assert(
        fc.property(fc.noShrink(fc.nat({ max: 0xffff_ffff })), (seed) => {
          const run = simulate(seed);
          runs.push(run);
          expect({ seed, faults: run.faults, finished: run.finished || run.last }).toEqual({
            seed,
            faults: [],
            finished: true,
          });
        }),
        { numRuns: RUNS },
      );
      const total = (what: keyof Run['seen']): number => runs.reduce((sum, { seen }) => sum + seen[what], 0);
      // An event that never occurred was not tested.
      expect(total('approvals')).toBeGreaterThan(RUNS);
      expect(Math.min(total('halts'), total('withdrawals'), total('joins'), total('lost'))).toBeGreaterThan(
        0,
      );
    },
    TIMEOUT_MS,
  );

  it('simulates the same rollout with the same seed', () => {
    expect(simulate(7)).toEqual(simulate(7));
  });
});
