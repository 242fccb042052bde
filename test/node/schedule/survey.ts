// Runs many schedules without stopping at the first failure: which invariants are broken, how often, and first by which schedule.

import { fc } from '@fast-check/vitest';
import { INVARIANTS, type Invariant, type Violation } from './invariants.ts';
import { type Outcome, runSchedule } from './run.ts';
import type { Scenario } from './scenario.ts';

export interface Finding {
  readonly invariant: Invariant;
  /** The number of schedules that break it. */
  readonly schedules: number;
  /** The number of the first one, from 1. */
  readonly first: number;
  readonly violation: Violation;
  readonly story: readonly string[];
}

/** Runs the schedules of this seed; returns the broken invariants in the order in which they were found. */
export async function survey(
  scenarios: fc.Arbitrary<Scenario>,
  { schedules, seed }: { readonly schedules: number; readonly seed: number },
  onSchedule: () => void,
): Promise<readonly Finding[]> {
  const found = new Map<Invariant, Finding>();
  for (const [at, scenario] of fc.sample(scenarios, { numRuns: schedules, seed }).entries()) {
    const { violations, story } = await runSchedule(scenario);
    for (const violation of violations) {
      const { invariant } = violation;
      const known = found.get(invariant) ?? { invariant, schedules: 0, first: at + 1, violation, story };
      found.set(invariant, { ...known, schedules: known.schedules + 1 });
    }
    onSchedule();
  }
  return [...found.values()];
}

export function findingText({ schedules, first, violation, story }: Finding): string {
  return `In ${schedules} schedules, first in number ${first}: ${violationText(violation)}\n${story.join('\n')}\n`;
}

/** Returns the violations of a schedule and its story; undefined when there are none. */
export function faultText({ violations, story }: Outcome): string | undefined {
  return violations.length === 0
    ? undefined
    : `${violations.map(violationText).join('\n')}\n${story.join('\n')}`;
}

function violationText({ invariant, atMs, what }: Violation): string {
  return `${INVARIANTS[invariant]} [${invariant}] At ${Math.round(atMs)} ms: ${what}`;
}
