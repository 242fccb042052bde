// The progress of the rollout and its estimated end.

import type { Pace } from '../../policy/policy.ts';
import { nextPlaceAt } from './places.ts';
import { isControlPlane } from '../decision/control-plane.ts';
import { type FleetNode, type RolloutDecision, type RolloutStatus, STANDINGS } from '../fleet.ts';

/** Assumed duration of a change with its soak while none has been measured. */
const USUAL_CHANGE_MS = 30_000;
/** Longer durations are not changes: an approval that became valid again, or drift that was fixed later. */
const LONGEST_CHANGE_MS = 10 * 60_000;

/** Returns the number of nodes of each status. */
export function countsOf({ nodes }: RolloutDecision): Readonly<Record<RolloutStatus, number>> {
  const counts = new Map(STANDINGS.map((standing) => [standing, 0]));
  for (const { standing } of nodes) {
    counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  const of = (standing: RolloutStatus): number => counts.get(standing) ?? 0;
  return {
    done: of('done'),
    waiting: of('waiting'),
    changing: of('changing'),
    failed: of('failed'),
    held: of('held'),
    lost: of('lost'),
  };
}

/**
 * Returns when every node that can be changed could be done, if no node fails and no window closes: the remaining waves at
 * the median duration of past changes, plus the canaries' soak, from when the next place is free. undefined outside Canary,
 * Soaking and Rolling, and while it is not known when a place will be free.
 */
export function estimatedEnd(
  decision: RolloutDecision,
  nodes: readonly FleetNode[],
  pace: Pace,
  now: Date,
): Date | undefined {
  const { phase, maxUnavailable } = decision;
  if (phase !== 'Canary' && phase !== 'Soaking' && phase !== 'Rolling') {
    return undefined;
  }
  const left = new Set(decision.nodes.filter(isLeft).map(({ name }) => name));
  const serial = nodes.filter((node) => left.has(node.name) && isControlPlane(node)).length;
  const isPaced = pace.rollout === 'Coordinated';
  const slots = isPaced ? maxUnavailable : left.size;
  const from = isPaced && phase !== 'Soaking' ? nextPlaceAt(decision, now.getTime()) : now.getTime();
  const waves = Math.max(Math.ceil(left.size / Math.max(1, slots)), serial);
  const done = new Set(decision.nodes.filter(isDone).map(({ name }) => name));
  const perChange = usualChangeMs(nodes.filter(({ name }) => done.has(name)));
  const first = decision.nodes.some((verdict) => verdict.canary && isLeft(verdict)) ? perChange : 0;
  const soaking: Readonly<Record<typeof phase, number>> = {
    Canary: first + pace.soakSeconds * 1000,
    Soaking: Math.max(0, (decision.nextWakeup?.getTime() ?? now.getTime()) - now.getTime()),
    Rolling: 0,
  };
  return waves === 0 || from === undefined ? undefined : new Date(from + soaking[phase] + waves * perChange);
}

function isLeft({ standing }: { readonly standing: RolloutStatus }): boolean {
  return standing === 'waiting' || standing === 'changing';
}

function isDone({ standing }: { readonly standing: RolloutStatus }): boolean {
  return standing === 'done';
}

/** The median time from an approval to the end of its change, in ms. */
function usualChangeMs(changed: readonly FleetNode[]): number {
  const times = changed
    .flatMap(({ approvedRevision, appliedRevision, approvedAt, lastChange }) =>
      approvedRevision === appliedRevision && approvedAt !== undefined && lastChange !== undefined
        ? [lastChange.getTime() - approvedAt.getTime()]
        : [],
    )
    .filter((ms) => ms > 0 && ms <= LONGEST_CHANGE_MS)
    .toSorted((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? USUAL_CHANGE_MS;
}
