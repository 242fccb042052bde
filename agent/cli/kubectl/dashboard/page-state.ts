// The status as the page shows it, and the differences between two of them. Pure.

import { profilesFor } from '../../../policy/desired.ts';
import type { Policy } from '../../../policy/policy.ts';
import { parseSelectors } from '../../../policy/selectors.ts';
import type { Fleet } from '../cluster/follow.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import type { Place } from '../session.ts';
import { restoreText } from '../views/restore-text.ts';
import { attentionGroups, clean, leftText, policyLines } from '../views/status-text.ts';
import type { StatusView } from '../views/status-view.ts';
import type { Head, NodeTile } from './messages.ts';

const MOST_GROUPS = 20;
const MOST_NAMES = 12;
const ZONE = 'topology.kubernetes.io/zone';

export type Tiles = ReadonlyMap<string, NodeTile>;

/** Returns what the page shows of the fleet as a whole; `trouble` is empty while the API server answers. */
export function headOf(view: StatusView, place: Place, trouble: string): Head {
  const groups = attentionGroups(view);
  const shown = groups.slice(0, MOST_GROUPS);
  return {
    ...place,
    phase: view.phase,
    reason: clean(view.reason),
    nodes: view.nodes,
    counts: view.counts,
    left: leftText(view),
    policy: policyLines(view).map(clean),
    isPaused: view.policy.paused,
    places: view.counts.waiting > 0 ? clean(view.places) : '',
    coordinator: clean(view.coordinator.message),
    isCoordinatorMissing: view.coordinator.missing,
    restore: restoreText(view) ?? '',
    attention: shown.map(({ standing, text, names }) => ({
      standing,
      text: clean(text),
      total: names.length,
      names: names.slice(0, MOST_NAMES),
    })),
    attentionMore: groups.slice(MOST_GROUPS).reduce((sum, { names }) => sum + names.length, 0),
    trouble,
  };
}

/** Returns the tiles by name, in the order of names. Nodes without an agent, such as those with Windows, have none. */
export function tilesOf(view: StatusView, { nodes, installation }: Fleet): Tiles {
  const verdicts = new Map(view.verdicts.map((verdict) => [verdict.name, verdict]));
  const policy = installation.policy?.ok === true ? installation.policy.policy : undefined;
  const tiles = new Map<string, NodeTile>();
  for (const node of nodes) {
    const verdict = verdicts.get(node.name);
    if (verdict === undefined) continue;
    const { standing, canary } = verdict;
    tiles.set(node.name, { ...factsOf(node, policy), standing, canary });
  }
  return tiles;
}

function factsOf(
  { name, fleet }: ShownNode,
  policy: Policy | undefined,
): Omit<NodeTile, 'standing' | 'canary'> {
  const { labels, state = '', paused } = fleet;
  const profiles =
    policy === undefined ? [] : profilesFor(policy, { labels, kept: parseSelectors(fleet.profiles) });
  return {
    name,
    state,
    zone: labels[ZONE] ?? '',
    profile: profiles.map((profile) => profile.name).join(', '),
    paused,
  };
}

/** Returns the tiles that are new or differ, and the names that are gone. */
export function differences(
  before: Tiles,
  now: Tiles,
): { readonly nodes: readonly NodeTile[]; readonly gone: readonly string[] } {
  const nodes = [...now.values()].filter((tile) => {
    const was = before.get(tile.name);
    return was === undefined || !areEqual(was, tile);
  });
  return { nodes, gone: [...before.keys()].filter((name) => !now.has(name)) };
}

function areEqual(one: NodeTile, other: NodeTile): boolean {
  return (
    one.standing === other.standing &&
    one.state === other.state &&
    one.paused === other.paused &&
    one.canary === other.canary &&
    one.zone === other.zone &&
    one.profile === other.profile
  );
}
