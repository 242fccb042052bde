// Which sysctls nodes show by a label, so that the scheduler can find a node for a pod that sets one.

import { ALLOWS_PREFIX, KEY_PREFIX } from '../names.ts';
import { normaliseSysctl } from '../sysctl/normalise.ts';
import { safeSince } from '../sysctl/safe.ts';
import type { Policy } from './policy.ts';

/** Labels of one policy. Every watcher of Nodes receives all labels of each. */
export const MOST_LABELLED = 64;

/** The part of a label's key after its prefix, as the API server accepts it (IsQualifiedName), in the characters of sysctls. */
const LABEL_NAME = /^[a-z0-9]([-_.a-z0-9]*[a-z0-9])?$/u;
const LONGEST_LABEL_NAME = 63;

/**
 * Returns the key of the label for a sysctl, spelled with dots as the kubelet does; undefined for a pattern, for a name that is too long
 * for a label, and for one with a slash within a part.
 */
export function allowsLabel(name: string): string | undefined {
  const label = ALLOWS_PREFIX + normaliseSysctl(name);
  const short = label.slice(KEY_PREFIX.length);
  return short.length <= LONGEST_LABEL_NAME && LABEL_NAME.test(short) ? label : undefined;
}

/** Returns the sysctls of which these labels say that the node's kubelet allows them. */
export function allowedByLabels(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels)
    .filter((key) => key.startsWith(ALLOWS_PREFIX))
    .map((key) => key.slice(ALLOWS_PREFIX.length));
}

/**
 * Returns the names of the base list and of all profiles for which nodes have a label where their kubelet allows them, with dots, in
 * bytewise order, at most MOST_LABELLED. Patterns have none, nor has what every kubelet lets pods set.
 */
export function labelledNames({
  entries,
  profiles,
}: Pick<Policy, 'entries' | 'profiles'>): readonly string[] {
  const named = [...entries, ...profiles.flatMap((profile) => profile.entries)].map(({ pattern }) => pattern);
  return labelable(named).slice(0, MOST_LABELLED);
}

/** Returns those of the names that can have a label, with dots, without duplicates, in bytewise order. */
export function labelable(names: readonly string[]): readonly string[] {
  const fitting = names.filter((name) => allowsLabel(name) !== undefined && !isAlwaysSafe(name));
  return [...new Set(fitting.map((name) => normaliseSysctl(name)))].toSorted();
}

function isAlwaysSafe(name: string): boolean {
  const since = safeSince(name);
  return since !== undefined && since.kubelet === 0 && since.kernel === undefined;
}
