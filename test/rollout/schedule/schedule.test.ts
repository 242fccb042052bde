import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outcome, play } from './schedule.ts';

const RUNS = Number(process.env['KUBELET_SYSCTLS_SCHEDULES'] ?? 60);
/** That of an earlier run, which has printed it; undefined: another one each time. */
const SEED = process.env['KUBELET_SYSCTLS_SEED'];
const TIMEOUT_MS = Math.max(120_000, RUNS * 1000);
/** Rollouts to six nodes and some joining ones, one after each edit, need fewer writes; a write storm needs thousands. */
const MOST_WRITES = 400;

describe('a coordinator whose calls are late, refused or lost, which is killed and started again', () => {
  it(
    'brings every node to the policy, never too many at a time, and ends with the picture that the API server has',
    async () => {
      const outcomes: Outcome[] = [];
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.noShrink(fc.nat({ max: 0xffff_ffff })),
          async (scheduler, seed) => {
            const outcome = await play(scheduler, seed);
            outcomes.push(outcome);
            expect(outcome.faults).toEqual([]);
            expect(Math.max(...Object.values(outcome.writes))).toBeLessThan(MOST_WRITES);
          },
        ),
        {
          numRuns: RUNS,
          ...(SEED !== undefined && { seed: Number(SEED) }),
          endOnFailure: true,
          reporter: report,
        },
      );
      const total = (of: (outcome: Outcome) => number): number =>
        outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
      // An event that never occurred was not tested.
      expect(total(({ writes }) => writes.nodes)).toBeGreaterThan(RUNS);
      expect(total(({ kills }) => kills)).toBeGreaterThan(0);
      expect(total(({ restores }) => restores)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

/** Without the thousands of lines in which a schedule is printed. */
function report<T>(run: fc.RunDetails<T>): void {
  if (run.failed) {
    const again = `seed: ${run.seed}, path: '${run.counterexamplePath}'`;
    throw new Error(`Schedule ${run.numRuns} failed. Add to the parameters, to run it again: ${again}`, {
      cause: run.errorInstance,
    });
  }
}
