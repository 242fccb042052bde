// The three-way merge: which items our flag must hold, from what the policy wants, what we applied last, and what is there.

import { allowanceProblem } from '../sysctl/allowance.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import type { Version } from '../sysctl/version.ts';

/** What the agent remembers of its last success on this node. */
export interface LastApplied {
  /** What the policy wanted then. */
  readonly ours: readonly string[];
  /** Names of the config files that were copied into the flag because the flag replaces their list. */
  readonly folded: readonly string[];
}

export interface MergeInput {
  /** Items of the flag in KUBELET_EXTRA_ARGS; undefined when it has none. */
  readonly existing: readonly string[] | undefined;
  /** Items of the flag in other variables or in ExecStart= itself; undefined when there is none. */
  readonly elsewhere: readonly string[] | undefined;
  /** The list of the config files, in force only without any flag. */
  readonly inConfig: readonly string[];
  readonly wanted: readonly string[];
  readonly lastApplied: LastApplied;
  readonly unmanaged: 'Keep' | 'Remove';
  readonly goal: 'Apply' | 'Restore';
  readonly kubelet: Version;
}

export interface Merge {
  /** The flag's new items, in their order; undefined: KUBELET_EXTRA_ARGS has no such flag. */
  readonly list: readonly string[] | undefined;
  readonly changed: boolean;
  readonly remember: LastApplied;
}

/**
 * Merges. Items that stay keep their order, new ones follow sorted. The flag appears only for a wanted item that nothing
 * covers yet, and vanishes with its last item that is not just a copy of the config files' list.
 */
export function mergeAllowances(input: MergeInput): Merge {
  const { wanted, inConfig } = input;
  const existing = unique(input.existing ?? []);
  const fates = new Map(existing.map((item) => [item, mergeOutcomeOf(input, item)]));
  const kept = existing.filter((item) => fates.get(item) !== 'leaves');
  const stays = [...fates.values()].includes('stays') || (input.existing ?? ['']).length === 0;
  const base = stays ? kept : undefined;

  const inForce = base ?? (input.elsewhere === undefined ? inConfig : []);
  const isCovered = coverageOf([...inForce, ...(input.elsewhere ?? [])]);
  const missing = wanted.filter((item) => !isCovered(item));
  // A list that is about to vanish keeps its folded items when something new brings the flag back.
  const mine = missing.length === 0 ? base : unique([...kept, ...wanted.toSorted()]);
  const added = mine === undefined ? [] : foldable(input, mine);
  const fresh = unique([...(mine ?? []).filter((item) => !kept.includes(item)), ...added]).toSorted();
  const list = mine === undefined ? undefined : [...kept, ...fresh];

  const copies = (list ?? []).filter((item) => fates.get(item) === 'copy' || added.includes(item));
  return {
    list,
    changed: !sameItems(list, input.existing),
    remember: {
      ours: wanted.toSorted(),
      folded: copies.filter((item) => !wanted.includes(item)).toSorted(),
    },
  };
}

/** `stays` for its own sake; a `copy` of the config files' list stays only while the flag does. */
type MergeOutcome = 'stays' | 'copy' | 'leaves';

function mergeOutcomeOf(input: MergeInput, item: string): MergeOutcome {
  const { wanted, lastApplied, inConfig, goal, unmanaged } = input;
  const inPlaceOfConfig = goal === 'Apply' && inConfig.includes(item);
  if (wanted.includes(item)) return 'stays';
  if (lastApplied.folded.includes(item)) return inPlaceOfConfig ? 'copy' : 'leaves';
  const hidesConfig = input.elsewhere === undefined;
  if (lastApplied.ours.includes(item)) return inPlaceOfConfig && hidesConfig ? 'copy' : 'leaves';
  if (unmanaged === 'Keep' || goal === 'Restore') return 'stays';
  return inPlaceOfConfig && hidesConfig ? 'copy' : 'leaves';
}

/**
 * The config files' names to copy into a list that has something of the policy in it: the flag hides them. Where another
 * variable's flag hides them anyway they were not in force. One that this kubelet would not start with never was.
 */
function foldable(input: MergeInput, list: readonly string[]): readonly string[] {
  const ours = input.goal === 'Apply' && list.some((item) => input.wanted.includes(item));
  if (!ours || input.elsewhere !== undefined) return [];
  const isCovered = coverageOf(list);
  return unique(input.inConfig).filter(
    (item) => !isCovered(item) && allowanceProblem(item, input.kubelet) === undefined,
  );
}

function sameItems(list: readonly string[] | undefined, existing: readonly string[] | undefined): boolean {
  if (list === undefined || existing === undefined) return list === existing;
  return list.every((item) => existing.includes(item)) && existing.every((item) => list.includes(item));
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
