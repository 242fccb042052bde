// At which instants of a change something is to happen: every step once, then chance.

import { createHash } from 'node:crypto';
import { type Instant, type Step, STEP_NAMES } from './steps.ts';

/** For two nodes that share the work. */
export type Part = 'all' | 'even' | 'odd';

/** An undisturbed change, from the edit to the last of its switch being gone, takes about this long here. */
const CHANGE_MS = 2500;
const SEED_VARIABLE = 'KUBELET_SYSCTLS_FAULTS_SEED';

export const SEED = Number(process.env[SEED_VARIABLE] ?? Date.now() % 2 ** 31);

/** The steps in their order, then as many random instants. */
export function instants({
  part,
  random,
}: {
  readonly part: Part;
  readonly random: number;
}): readonly Instant[] {
  const chance = chanceFrom(SEED + (part === 'odd' ? 1 : 0));
  return [
    ...partOf(STEP_NAMES, part),
    ...Array.from({ length: random }, () => ({ afterMs: Math.floor(chance() * CHANGE_MS) })),
  ];
}

/** Returns the steps of this part of the work, in their order. */
export function partOf(steps: readonly Step[], part: Part): readonly Step[] {
  return steps.filter((_, index) => part === 'all' || (part === 'even') === (index % 2 === 0));
}

/** Numbers from 0 to 1, the same for the same seed. */
export function chanceFrom(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    const digest = createHash('sha256').update(`${seed} ${drawn}`).digest();
    return digest.readUInt32BE() / 2 ** 32;
  };
}
