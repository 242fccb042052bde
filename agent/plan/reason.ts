// Explains a plan in a few sentences for a person.

import type { Configured, Origin } from '../kubelet/configured.ts';
import { allowanceProblem } from '../sysctl/allowance.ts';
import { NEWEST_KUBELET } from '../sysctl/version.ts';
import type { Followed } from './carried/carried.ts';
import type { Merge } from './merge.ts';
import type { PlanInput, Refused } from './types.ts';

/** Where the list is written. */
export interface Place {
  readonly file: string;
  /** The file does not exist yet. */
  readonly isNew: boolean;
  /** The variable of an environment file, or the key of a config file. */
  readonly name: string;
  /** The items there before the change. */
  readonly list: readonly string[];
}

export interface Explained {
  readonly input: PlanInput;
  readonly place: Place;
  readonly before: Configured;
  /** Absent for a config file. */
  readonly followed?: Followed;
  readonly after: Configured;
  readonly merge: Merge;
  readonly wanted: readonly string[];
  /** True when the file's bytes change. */
  readonly changed: boolean;
  readonly unmanaged: readonly Origin[];
  /** Why the kubelet would not start even without the change; undefined when it would. */
  readonly problem: Refused | undefined;
}

/** Returns what changes, what stays because another party set it, and what a person should check. */
export function explain(explained: Explained): string {
  const sentences = explained.changed ? changes(explained) : [nothing(explained)];
  return [...sentences, ...keeps(explained), ...warnings(explained)].join(' ');
}

function nothing({ wanted }: Explained): string {
  if (wanted.length === 0)
    return 'Nothing to change: the policy wants nothing on this node, and the agent has configured nothing.';
  return `Nothing to change: ${names(wanted)} ${wanted.length === 1 ? 'is' : 'are'} configured.`;
}

function changes({ input, place: at, before, followed, after, merge, wanted }: Explained): readonly string[] {
  const place = `${at.name} in ${at.file}`;
  const old = before.allowances.map(({ pattern }) => pattern);
  const next = after.allowances.map(({ pattern }) => pattern);
  const added = next.filter((item) => !old.includes(item));
  const removed = old.filter((item) => !next.includes(item));
  const copied = merge.remember.folded.filter((item) => !at.list.includes(item));
  const carried = before.environment.get(at.name);
  const dropped = removed.filter(
    (item) =>
      input.goal === 'Apply' &&
      input.lastApplied.folded.includes(item) &&
      !before.inConfig.some(({ pattern }) => pattern === item),
  );
  return [
    ...(at.isNew ? [`Creates ${at.file}.`] : []),
    ...(added.length > 0 ? [`Adds ${names(added)} to ${place}.`] : []),
    ...(removed.length > 0 ? [`Removes ${names(removed)} from ${place}.`] : []),
    ...(dropped.length > 0
      ? [
          `The config files, from which the agent had copied ${names(dropped)}, no longer have it (an upgrade?).`,
        ]
      : []),
    ...(added.length + removed.length === 0 && merge.changed
      ? [`Writes ${merge.list === undefined ? 'no list' : names(wanted)} to ${place}.`]
      : []),
    ...(copied.length > 0
      ? [`Copies ${names(copied)} from the config files, whose list this one replaces.`]
      : []),
    ...(carried !== undefined && carried.assigned?.path !== at.file && carried.value !== ''
      ? [
          `Copies the value of ${[carried.origin, ...(followed?.followed ?? [])].join(', ')}, which the new assignment replaces.`,
        ]
      : []),
    ...(followed !== undefined && followed.followed.length > 0 && carried?.assigned?.path === at.file
      ? [
          `Follows ${followed.source?.origin || 'what no other place sets any more'}, which the assignment in ${at.file} replaces: ${followed.followed.join('; ')}.`,
        ]
      : []),
  ];
}

function keeps({ input, unmanaged }: Explained): readonly string[] {
  if (unmanaged.length === 0) return [];
  const list = unmanaged.map(({ pattern, origin }) => `${pattern} (${origin})`);
  const leaves = input.unmanaged === 'Remove' && input.goal === 'Apply' ? 'Cannot remove' : 'Keeps';
  return [`${leaves} what others set: ${list.join('; ')}.`];
}

function warnings({ input, before, after, unmanaged, problem: broken }: Explained): readonly string[] {
  const kubelet = input.kubelet ?? NEWEST_KUBELET;
  const bad = unmanaged.flatMap(({ pattern, origin }) => {
    const problem = allowanceProblem(pattern, kubelet);
    return problem === undefined ? [] : [`The kubelet does not start with ${origin}: ${problem}`];
  });
  const hidden =
    after.uses.length === 0
      ? []
      : after.inConfig.filter(
          ({ pattern }) => !after.allowances.some((allowance) => allowance.pattern === pattern),
        );
  const lost = hidden.filter(({ pattern }) =>
    before.allowances.some((allowance) => allowance.pattern === pattern),
  );
  return [
    ...(broken === undefined
      ? []
      : [`An agent would change nothing until ${broken.file} is fixed: ${broken.message}`]),
    ...bad,
    ...(lost.length > 0
      ? [
          `No longer allowed: ${names(lost.map(({ pattern }) => pattern))} of the config files, whose list the flag of another party replaces.`,
        ]
      : []),
  ];
}

function names(items: readonly string[]): string {
  return items.map((item) => (item === '' ? '""' : item)).join(', ');
}
