// Decides which sysctls the policy wants on one node.

import { createHash } from 'node:crypto';
import { type Judgement, judge } from '../sysctl/judge.ts';
import type { Version } from '../sysctl/version.ts';
import type { Policy, Profile } from './policy.ts';

export interface NodeFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly kubelet: Version;
  /** undefined: not known, and treated as new enough for every safe sysctl. */
  readonly kernel: Version | undefined;
}

export interface Desired {
  /** What the kubelet must allow, as spelled in the policy, without duplicates, in bytewise order. */
  readonly allowances: readonly string[];
  /** What the policy names although this kubelet lets pods set it without an allowance. */
  readonly safe: readonly string[];
  /** What the policy names and this kubelet refuses; it would not start with it. */
  readonly unsupported: readonly Judgement[];
  /** 10 hexadecimal digits: a hash of `allowances` and of whether the agent removes what others set. */
  readonly revision: string;
}

/**
 * Returns the union of the base list and of every profile whose labels the node carries, judged by the node's versions.
 * With mode Restore the list is empty.
 */
export function desiredFor(policy: Policy, node: NodeFacts): Desired {
  const judged = namedFor(policy, node).map((pattern) => judge(pattern, node));
  const allowances = judged.filter(({ verdict }) => verdict === 'allowed').map(({ pattern }) => pattern);
  return {
    allowances,
    safe: judged.filter(({ verdict }) => verdict === 'safe').map(({ pattern }) => pattern),
    unsupported: judged.filter(({ verdict }) => verdict === 'invalid'),
    revision: revisionOf(removesUnmanaged(policy) ? [...allowances, REMOVES_UNMANAGED] : allowances),
  };
}

/** Returns the first 10 hexadecimal digits of the SHA-256 of the list, one entry a line. */
export function revisionOf(sorted: readonly string[]): string {
  return createHash('sha256').update(sorted.join('\n')).digest('hex').slice(0, 10);
}

/** Not a valid allowance, so it cannot collide with one. */
const REMOVES_UNMANAGED = 'unmanaged: Remove';

/** `unmanaged: Remove` may change every node, so it makes another revision, which the coordinator rolls out like any other. */
function removesUnmanaged({ settings }: Policy): boolean {
  return settings.unmanaged === 'Remove' && settings.mode !== 'Restore';
}

function namedFor(policy: Policy, node: NodeFacts): readonly string[] {
  if (policy.settings.mode === 'Restore') {
    return [];
  }
  const profiles = policy.profiles.filter((profile) => selects(profile, node.labels));
  const entries = [...policy.entries, ...profiles.flatMap((profile) => profile.entries)];
  // A valid allowance is ASCII, so the default sort by code units is the bytewise order.
  return [...new Set(entries.map(({ pattern }) => pattern))].toSorted();
}

/** True when the labels carry every pair of the profile's selector. */
export function selects(profile: Profile, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(profile.nodeSelector).every(([label, value]) => labels[label] === value);
}
