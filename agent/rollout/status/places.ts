// The places of maxUnavailable: which nodes take them, why, and what ends it.

import { failedAfterChange, LOST_AFTER_MS, overdueAt } from '../decision/node-status.ts';
import type { Candidate, DecisionContext } from '../decision/node-status.ts';
import { timeText } from '../decision/text.ts';
import type { PlaceHolder, RolloutDecision } from '../fleet.ts';

/** A change with its soak takes half a minute as a rule. A place that is taken for longer is worth a message, in ms. */
const USUAL_MS = 120_000;
const MOST_NAMES = 3;

/** Returns why the node takes a place; undefined: it takes none. */
export function holderOf(member: Candidate, terms: DecisionContext): PlaceHolder | undefined {
  const { node, standing, unavailable } = member;
  if (!unavailable) {
    return undefined;
  }
  if (standing === 'failed') {
    return { name: node.name, why: 'failed', since: undefined, until: undefined };
  }
  if (node.readiness?.ready !== false || node.state === 'Working') {
    const overdue = overdueAt(member);
    const until = Number.isFinite(overdue) ? new Date(overdue) : undefined;
    return { name: node.name, why: 'changing', since: node.approvedAt, until };
  }
  const { since } = node.readiness;
  const until = new Date(since.getTime() + LOST_AFTER_MS);
  // A node that stays not Ready after its change has failed then, and keeps its place.
  const fails = failedAfterChange(node, { ...terms, now: until.getTime() });
  return { name: node.name, why: 'not ready', since, until: fails ? undefined : until };
}

type Places = Pick<RolloutDecision, 'holders' | 'maxUnavailable'>;

/** Returns who takes the places, why, and what ends it: `1 of 1 taken: n3 (not Ready since …)`; empty: no node does. */
export function placesText({ holders, maxUnavailable }: Places): string {
  if (holders.length === 0) {
    return '';
  }
  const named = unusualFirst(holders).slice(0, MOST_NAMES).map(holderText);
  const more = holders.length - named.length;
  const others = more > 0 ? ` and ${more} more` : '';
  return `${holders.length} of ${maxUnavailable} taken: ${named.join(', ')}${others}`;
}

/** True when every place is taken, and none of them by a node whose change is under way for a usual time. `now` in ms. */
export function isHeldUp({ holders, maxUnavailable }: Places, now: number): boolean {
  return holders.length >= maxUnavailable && !holders.some((holder) => isUsual(holder, now));
}

/** Returns when the next place is free at the latest, in ms; `now` when one is free or will be in a usual time; undefined: unknown. */
export function nextPlaceAt(places: Places, now: number): number | undefined {
  if (!isHeldUp(places, now)) {
    return now;
  }
  const until = places.holders.flatMap((holder) =>
    holder.until === undefined ? [] : [holder.until.getTime()],
  );
  return until.length === 0 ? undefined : Math.max(now, Math.min(...until));
}

function isUsual({ why, since }: PlaceHolder, now: number): boolean {
  return why === 'changing' && (since === undefined || now - since.getTime() < USUAL_MS);
}

function unusualFirst(holders: readonly PlaceHolder[]): readonly PlaceHolder[] {
  return holders.toSorted((one, other) => Number(one.why === 'changing') - Number(other.why === 'changing'));
}

function holderText({ name, why, since, until }: PlaceHolder): string {
  const from = since === undefined ? '' : ` since ${timeText(since)}`;
  switch (why) {
    case 'failed':
      return `${name} (its change failed; until it succeeds)`;
    case 'changing':
      return until === undefined
        ? `${name} (being changed${from})`
        : `${name} (approved${from}; until its change is done; if it does not begin, until ${timeText(until)})`;
    case 'not ready': {
      const latest = until === undefined ? '' : `, at the latest ${timeText(until)}`;
      return `${name} (not Ready${from}; until it is Ready${latest})`;
    }
  }
}
