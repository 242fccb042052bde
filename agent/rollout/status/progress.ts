// How far the rollout is, and when it could be done.

import type { Pace } from '../../policy/policy.ts';
import { isControlPlane } from '../decision/control-plane.ts';
import { type FleetNode, type RolloutDecision, type RolloutStatus, STANDINGS } from '../fleet.ts';

/** A change with its watch takes about so long where nothing else is known. */
const USUAL_CHANGE_MS = 30_000;
/** What took longer was not waited for: an approval that came back into force, a drift mended later. */
const LONGEST_CHANGE_MS = 10 * 60_000;

/** How many nodes have each standing. */
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
 * When every node that can be changed could be done, if no node fails and no window closes: the waves that are left,
 * each as long as the changes seen so far took, and the soak of the canaries. undefined while nothing moves.
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
  const places = pace.rollout === 'Immediate' ? left.size : maxUnavailable;
  const waves = Math.max(Math.ceil(left.size / Math.max(1, places)), serial);
  const done = new Set(decision.nodes.filter(isDone).map(({ name }) => name));
  const perChange = usualChangeMs(nodes.filter(({ name }) => done.has(name)));
  const first = decision.nodes.some((verdict) => verdict.canary && isLeft(verdict)) ? perChange : 0;
  const soaking: Readonly<Record<typeof phase, number>> = {
    Canary: first + pace.soakSeconds * 1000,
    Soaking: Math.max(0, (decision.nextWakeup?.getTime() ?? now.getTime()) - now.getTime()),
    Rolling: 0,
  };
  return waves === 0 ? undefined : new Date(now.getTime() + soaking[phase] + waves * perChange);
}

function isLeft({ standing }: { readonly standing: RolloutStatus }): boolean {
  return standing === 'waiting' || standing === 'changing';
}

function isDone({ standing }: { readonly standing: RolloutStatus }): boolean {
  return standing === 'done';
}

/** The median of the times from an approval to the end of its change. */
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
