// The order in which nodes are approved.

import { APPROVAL_MARKERS } from '../../names.ts';
import { isFirstInLine, type Candidate } from './node-status.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** How many nodes of each zone are unavailable. */
export type ZoneLoads = ReadonlyMap<string, number>;

export function zoneLoads(members: readonly Candidate[]): ZoneLoads {
  const loads = new Map<string, number>();
  for (const member of members) {
    if (member.unavailable) {
      const zone = zoneOf(member);
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
  return [0, 1, 2].flatMap((rank) => {
    const placed = members
      .filter((member) => rankOf(member) === rank)
      .map((member) => {
        const zone = zoneOf(member);
        const load = taken.get(zone) ?? 0;
        taken.set(zone, load + 1);
        return { member, load };
      });
    // Picking the least loaded zone repeatedly equals a sort by the zone's load at each node's position.
    return placed.toSorted((a, b) => a.load - b.load).map(({ member }) => member);
  });
}

function rankOf({ node }: Candidate): number {
  if (node.approvedRevision === APPROVAL_MARKERS.unanswered) {
    return 2;
  }
  return isFirstInLine(node) ? 0 : 1;
}

function zoneOf({ node }: Candidate): string {
  return node.labels[ZONE_LABEL] ?? '';
}
