// The order in which nodes are approved.

import { APPROVAL_MARKERS } from '../../names.ts';
import { only } from './many.ts';
import { isFirstInLine, type Candidate } from './node-status.ts';

/** How many nodes of each zone are unavailable. */
export type ZoneLoads = ReadonlyMap<string, number>;

export function zoneLoads(members: readonly Candidate[]): ZoneLoads {
  const loads = new Map<string, number>();
  for (const member of members) {
    if (member.unavailable) {
      const { zone } = member;
      loads.set(zone, (loads.get(zone) ?? 0) + 1);
    }
  }
  return loads;
}

/**
 * Orders by rank (nodes that failed an older revision first, nodes that did not begin their approved change last), then by
 * zone (the fewest unavailable nodes first, including the nodes ordered before), then by name. The caller passes `members`
 * in the order of names.
 */
export function orderCandidates(members: readonly Candidate[], loads: ZoneLoads): readonly Candidate[] {
  const taken = new Map(loads);
  const ranks = [0, 1, 2].map((rank) => only(members, (member) => rankOf(member) === rank));
  const ordered = ranks.filter(({ length }) => length > 0).map((ranked) => byLoad(ranked, taken));
  return ordered.length === 1 ? (ordered[0] ?? []) : ordered.flat();
}

/**
 * Picking the least loaded zone repeatedly equals a sort by the zone's load at each node's position. The sort counts: it compares
 * nothing, and makes no object for each node. Adds the nodes to `taken`.
 */
function byLoad(members: readonly Candidate[], taken: Map<string, number>): readonly Candidate[] {
  const loadAt = Int32Array.from(members, (member) => {
    const { zone } = member;
    const load = taken.get(zone) ?? 0;
    taken.set(zone, load + 1);
    return load;
  });
  const firstOf = new Int32Array(Math.max(0, ...taken.values()) + 1);
  for (const load of loadAt) firstOf[load + 1] = (firstOf[load + 1] ?? 0) + 1;
  for (let load = 1; load < firstOf.length; load += 1)
    firstOf[load] = (firstOf[load] ?? 0) + (firstOf[load - 1] ?? 0);
  const ordered = members.slice();
  for (const [at, member] of members.entries()) {
    const load = loadAt[at] ?? 0;
    const place = firstOf[load] ?? 0;
    ordered[place] = member;
    firstOf[load] = place + 1;
  }
  return ordered;
}

function rankOf({ node }: Candidate): number {
  if (node.approvedRevision === APPROVAL_MARKERS.unanswered) {
    return 2;
  }
  return isFirstInLine(node) ? 0 : 1;
}
