// Decides which sysctls the policy wants on one node.

import { createHash } from 'node:crypto';
import { type Judgement, judge } from '../sysctl/judge.ts';
import type { Version } from '../sysctl/version.ts';
import type { Policy, Profile } from './policy.ts';
import { selectorText } from './selectors.ts';

export interface NodeFacts {
  readonly labels: Readonly<Record<string, string>>;
  /** Selectors (selectors.ts) whose profiles count although the node lacks a label of theirs. Default: none. */
  readonly kept?: ReadonlySet<string>;
  readonly kubelet: Version;
  /** undefined: not known, and treated as new enough for every safe sysctl. */
  readonly kernel: Version | undefined;
}

export interface Desired {
  /** What the kubelet must allow, as spelled in the policy, without duplicates, in bytewise order. */
  readonly allowances: readonly string[];
  /** The selectors (selectors.ts) of the profiles that count. */
  readonly profiles: readonly string[];
  /** What the policy names although this kubelet lets pods set it without an allowance. */
  readonly safe: readonly string[];
  /** What the policy names and this kubelet refuses; it would not start with it. */
  readonly unsupported: readonly Judgement[];
  /** 10 hexadecimal digits: a hash of `allowances` and of whether the agent removes what others set, or all that it did. */
  readonly revision: string;
}

/**
 * Returns the union of the base list and of every profile that counts, judged by the node's versions: the node carries its
 * labels, or `kept` names its selector.
 * With mode Restore the list is empty.
 */
export function desiredFor(policy: Policy, node: NodeFacts): Desired {
  const profiles = policy.settings.mode === 'Restore' ? [] : profilesFor(policy, node);
  const judged = namedFor(policy, profiles).map((pattern) => judge(pattern, node));
  const allowances = judged.filter(({ verdict }) => verdict === 'allowed').map(({ pattern }) => pattern);
  return {
    allowances,
    profiles: [...new Set(profiles.map(({ nodeSelector }) => selectorText(nodeSelector)))],
    safe: judged.filter(({ verdict }) => verdict === 'safe').map(({ pattern }) => pattern),
    unsupported: judged.filter(({ verdict }) => verdict === 'invalid'),
    revision: revisionOf([...allowances, ...marksOf(policy)]),
  };
}

/** Returns the first 10 hexadecimal digits of the SHA-256 of the list, one entry a line. */
export function revisionOf(sorted: readonly string[]): string {
  return createHash('sha256').update(sorted.join('\n')).digest('hex').slice(0, 10);
}

/**
 * Not valid allowances, so they cannot collide with one. `unmanaged: Remove` may change every node, so it makes another
 * revision, which the coordinator rolls out like any other. `mode: Restore` differs from an empty list: a node that needed no
 * allowance has the agent's files too.
 */
function marksOf({ settings: { mode, unmanaged } }: Policy): readonly string[] {
  if (mode === 'Restore') {
    return ['mode: Restore'];
  }
  return unmanaged === 'Remove' ? ['unmanaged: Remove'] : [];
}

/** Returns the profiles that count on the node. */
export function profilesFor(
  { profiles }: Policy,
  { labels, kept }: Pick<NodeFacts, 'labels' | 'kept'>,
): readonly Profile[] {
  return profiles.filter(
    (profile) => selects(profile, labels) || kept?.has(selectorText(profile.nodeSelector)) === true,
  );
}

function namedFor(policy: Policy, profiles: readonly Profile[]): readonly string[] {
  if (policy.settings.mode === 'Restore') {
    return [];
  }
  const entries = [...policy.entries, ...profiles.flatMap((profile) => profile.entries)];
  // A valid allowance is ASCII, so the default sort by code units is the bytewise order.
  return [...new Set(entries.map(({ pattern }) => pattern))].toSorted();
}

/** True when the labels carry every pair of the profile's selector. */
function selects(profile: Profile, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(profile.nodeSelector).every(([label, value]) => labels[label] === value);
}
