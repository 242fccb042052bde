// Computes drift, the differences among desired, configured and running, and whether it needs a restart.

import type { Origin } from '../kubelet/configured.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import type { LastApplied } from './merge.ts';

export interface Drift {
  /** Desired, but not allowed by the next start of the kubelet. */
  readonly missing: string[];
  /** Configured by another party, with its place. */
  readonly unmanaged: Origin[];
  /** `+name`: allowed from the next start of the kubelet on; `-name`: allowed only until then. */
  readonly pendingRestart: string[];
}

/** Returns how the three lists differ. A name that a pattern covers counts as allowed. */
export function driftOf(state: {
  readonly desired: readonly string[];
  readonly configured: readonly string[];
  readonly running: readonly string[];
  readonly unmanaged: readonly Origin[];
}): Drift {
  const { desired, configured, running, unmanaged } = state;
  return {
    missing: notIn(desired, configured),
    unmanaged: [...unmanaged],
    pendingRestart: [
      ...notIn(configured, running).map((item) => `+${item}`),
      ...notIn(running, configured).map((item) => `-${item}`),
    ],
  };
}

/**
 * True when the policy needs a restart of the running kubelet: it lacks something desired, or still allows a name that the
 * agent applied and that neither the policy nor the next start allows. The changes of other parties need none.
 */
export function restartNeeded(state: {
  readonly desired: readonly string[];
  readonly lastApplied: LastApplied;
  readonly configured: readonly string[];
  readonly running: readonly string[];
}): boolean {
  const { desired, lastApplied, configured, running } = state;
  const [runs, isConfigured] = [coverageOf(running), coverageOf(configured)];
  const lacks = desired.some((item) => !runs(item));
  const ours = lastApplied.ours.filter((item) => !desired.includes(item) && !isConfigured(item));
  return lacks || ours.some((item) => running.includes(item));
}

function notIn(items: readonly string[], list: readonly string[]): string[] {
  const isCovered = coverageOf(list);
  return [...new Set(items)].filter((item) => !isCovered(item)).toSorted();
}
