// What every merge takes from a plan's input, whichever file the plan changes. Pure.

import { NEWEST_KUBELET } from '../sysctl/version.ts';
import { NOTHING, type MergeInput } from './merge.ts';
import type { PlanInput } from './types.ts';

export type MergeTerms = Pick<MergeInput, 'wanted' | 'lastApplied' | 'unmanaged' | 'goal' | 'kubelet'>;

/** Returns what is wanted (nothing, for a Restore), and by which rules it is merged. */
export function mergeTermsOf(input: PlanInput): MergeTerms {
  const { desired, lastApplied, unmanaged, goal, written, kubelet = NEWEST_KUBELET } = input;
  return {
    wanted: goal === 'Restore' ? [] : [...new Set(desired)],
    // What the agent has not written is not its to restore.
    lastApplied: goal === 'Restore' && written !== undefined ? NOTHING : lastApplied,
    unmanaged,
    goal,
    kubelet,
  };
}
