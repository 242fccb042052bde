// Policy and node → what this node's kubelet must be told.

import { createHash } from 'node:crypto';
import { type Judgement, judge } from '../sysctl/judge.ts';
import type { Version } from '../sysctl/version.ts';
import type { Policy, Profile } from './policy.ts';

export interface NodeFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly kubelet: Version;
  /** undefined: not known, taken to be new enough for every safe sysctl. */
  readonly kernel: Version | undefined;
}

export interface Desired {
  /** What the kubelet must allow: as the policy spells it, each once, in bytewise order. */
  readonly allowances: readonly string[];
  /** What the policy names and this kubelet lets pods set anyway. */
  readonly safe: readonly string[];
  /** What the policy names and this kubelet refuses: it would not start with it. */
  readonly unsupported: readonly Judgement[];
  /** 10 hexadecimal digits that stand for `allowances`, and for whether what others set is removed. */
  readonly revision: string;
}

/**
 * The union of the base list and of every profile whose labels the node carries, judged by the node's versions.
 * With mode Restore nothing is desired.
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

/** The first 10 hexadecimal digits of the SHA-256 of the list, one entry a line. */
export function revisionOf(sorted: readonly string[]): string {
  return createHash('sha256').update(sorted.join('\n')).digest('hex').slice(0, 10);
}

/** No allowance is spelt like it. */
const REMOVES_UNMANAGED = 'unmanaged: Remove';

/** It may change every node as another list does, and so it is another revision, which the fleet goes to at its pace. */
function removesUnmanaged({ settings }: Policy): boolean {
  return settings.unmanaged === 'Remove' && settings.mode !== 'Restore';
}

function namedFor(policy: Policy, node: NodeFacts): readonly string[] {
  if (policy.settings.mode === 'Restore') {
    return [];
  }
  const profiles = policy.profiles.filter((profile) => selects(profile, node.labels));
  const entries = [...policy.entries, ...profiles.flatMap((profile) => profile.entries)];
  // A valid allowance is ASCII, so the default order of code units is the order of its bytes.
  return [...new Set(entries.map(({ pattern }) => pattern))].toSorted();
}

/** True when the labels carry every pair of the profile's selector. */
export function selects(profile: Profile, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(profile.nodeSelector).every(([label, value]) => labels[label] === value);
}
