// Explains a plan in a few sentences for a person.

import type { Configured, Origin } from '../kubelet/configured.ts';
import { EXTRA_ARGS, type EnvironmentFileOnDisk } from '../kubelet/unit.ts';
import { allowanceProblem } from '../sysctl/allowance.ts';
import { NEWEST_KUBELET } from '../sysctl/version.ts';
import type { Merge } from './merge.ts';
import type { PlanInput, Refused } from './types.ts';
import { usesOf } from './uses.ts';

export interface Explained {
  readonly input: PlanInput;
  readonly target: EnvironmentFileOnDisk;
  readonly before: Configured;
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

function changes({ input, target, before, after, merge, wanted }: Explained): readonly string[] {
  const old = before.allowances.map(({ pattern }) => pattern);
  const next = after.allowances.map(({ pattern }) => pattern);
  const added = next.filter((item) => !old.includes(item));
  const removed = old.filter((item) => !next.includes(item));
  const inFlag = usesOf(before).inExtra.flatMap(({ items }) => items.map(({ pattern }) => pattern));
  const copied = merge.remember.folded.filter((item) => !inFlag.includes(item));
  const carried = before.environment.get(EXTRA_ARGS);
  const dropped = removed.filter(
    (item) =>
      input.goal === 'Apply' &&
      input.lastApplied.folded.includes(item) &&
      !before.inConfig.some(({ pattern }) => pattern === item),
  );
  return [
    ...(target.content === undefined ? [`Creates ${target.path}.`] : []),
    ...(added.length > 0 ? [`Adds ${names(added)} to ${EXTRA_ARGS} in ${target.path}.`] : []),
    ...(removed.length > 0 ? [`Removes ${names(removed)} from ${EXTRA_ARGS} in ${target.path}.`] : []),
    ...(dropped.length > 0
      ? [
          `The config files, from which the agent had copied ${names(dropped)}, no longer have it (an upgrade?).`,
        ]
      : []),
    ...(added.length + removed.length === 0
      ? [`Writes ${merge.list === undefined ? 'no list' : names(wanted)} to ${EXTRA_ARGS} in ${target.path}.`]
      : []),
    ...(copied.length > 0
      ? [`Copies ${names(copied)} from the config files, whose list the flag replaces.`]
      : []),
    ...(carried !== undefined && carried.assigned?.path !== target.path && carried.value !== ''
      ? [`Copies the value of ${carried.origin}, which the new assignment replaces.`]
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
