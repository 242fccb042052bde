// The three-way merge: computes our flag's items from what the policy wants, what was applied last, and what is configured.

import { allowanceProblem } from '../sysctl/allowance.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import type { Version } from '../sysctl/version.ts';

/** What the agent's last successful change on this node applied. */
export interface LastApplied {
  /** What the policy wanted. */
  readonly ours: readonly string[];
  /** Names copied from the config files into the flag, because the flag replaces their list. */
  readonly folded: readonly string[];
}

export const NOTHING: LastApplied = { ours: [], folded: [] };

export interface MergeInput {
  /** Items of the flag in KUBELET_EXTRA_ARGS; undefined when it has none. */
  readonly existing: readonly string[] | undefined;
  /** Items of the flag in other variables or in ExecStart= itself; undefined when there is none. */
  readonly elsewhere: readonly string[] | undefined;
  /** The list of the config files, in force only when there is no flag. */
  readonly inConfig: readonly string[];
  readonly wanted: readonly string[];
  readonly lastApplied: LastApplied;
  readonly unmanaged: 'Keep' | 'Remove';
  readonly goal: 'Apply' | 'Restore';
  readonly kubelet: Version;
}

export interface Merge {
  /** The flag's new items, in order; undefined: KUBELET_EXTRA_ARGS does not have the flag. */
  readonly list: readonly string[] | undefined;
  readonly changed: boolean;
  readonly remember: LastApplied;
}

/**
 * Returns the merged list. Items that stay keep their order; new ones follow, sorted. The flag is added only for a wanted
 * item that nothing covers yet, and removed with its last item that is not a copy of the config files' list.
 */
export function mergeAllowances(input: MergeInput): Merge {
  const { wanted, inConfig } = input;
  const existing = unique(input.existing ?? []);
  const outcomes = new Map(existing.map((item) => [item, mergeOutcomeOf(input, item)]));
  const kept = existing.filter((item) => outcomes.get(item) !== 'leaves');
  const stays = [...outcomes.values()].includes('stays') || (input.existing ?? ['']).length === 0;
  const base = stays ? kept : undefined;

  const inForce = base ?? (input.elsewhere === undefined ? inConfig : []);
  const isCovered = coverageOf([...inForce, ...(input.elsewhere ?? [])]);
  const missing = wanted.filter((item) => !isCovered(item));
  // A list that would be removed keeps its folded items when a missing item adds the flag again.
  const mine = missing.length === 0 ? base : unique([...kept, ...wanted.toSorted()]);
  const added = mine === undefined ? [] : foldable(input, mine);
  const fresh = unique([...(mine ?? []).filter((item) => !kept.includes(item)), ...added]).toSorted();
  const list = mine === undefined ? undefined : [...kept, ...fresh];

  const copies = (list ?? []).filter((item) => outcomes.get(item) === 'copy' || added.includes(item));
  return {
    list,
    changed: !sameItems(list, input.existing),
    remember: {
      ours: wanted.toSorted(),
      folded: copies.filter((item) => !wanted.includes(item)).toSorted(),
    },
  };
}

/** `stays`: remains in the list. `copy`: of the config files' list, remains only while the flag does. `leaves`: removed. */
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
 * Returns the config files' names to copy into a list that has a wanted item, because the flag replaces their list. None
 * when another variable's flag replaces it already, so that they were not in force. Leaves out what this kubelet refuses.
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
