// The policy's revision for each node.

import { desiredFor, profilesFor } from '../../policy/desired.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseSelectors } from '../../policy/selectors.ts';
import { parseVersion } from '../../sysctl/version.ts';
import type { FleetNode } from '../fleet.ts';

type Facts = Pick<FleetNode, 'labels' | 'profiles' | 'kubelet' | 'kernel'>;

/** The revision for a node with these facts; undefined while its kubelet's version is not known. */
export type RevisionOf = (facts: Facts) => string | undefined;

// Neither a label's value nor a version contains a newline.
const SEPARATOR = '\n';

/**
 * Counts the profiles of a node's labels and those that its agent counts: only the agent decides that a label has been missing
 * for long enough. Caches each revision by profiles and versions, and the profiles by the labels that they select on: most
 * nodes of a fleet are alike.
 */
export function revisionsFor(policy: Policy): RevisionOf {
  const labelKeys = [...new Set(policy.profiles.flatMap(({ nodeSelector }) => Object.keys(nodeSelector)))];
  const byLabels = new Map<string, string | undefined>();
  const byProfiles = new Map<string, string | undefined>();

  function byProfile(facts: Facts): string | undefined {
    const counting = { labels: facts.labels, kept: parseSelectors(facts.profiles) };
    const names = profilesFor(policy, counting).map(({ name }) => name);
    const key = [facts.kubelet, facts.kernel, ...names].join(SEPARATOR);
    return cached(byProfiles, key, () => {
      const kubelet = parseVersion(facts.kubelet);
      const kernel = parseVersion(facts.kernel);
      return kubelet && desiredFor(policy, { ...counting, kubelet, kernel }).revision;
    });
  }

  return (facts) => {
    const values = labelKeys.map((key) => labelOf(facts, key));
    const key = [facts.kubelet, facts.kernel, facts.profiles ?? '', ...values].join(SEPARATOR);
    return cached(byLabels, key, () => byProfile(facts));
  };
}

/** A missing label differs from an empty one. */
function labelOf({ labels }: Facts, key: string): string {
  return Object.hasOwn(labels, key) ? `=${labels[key]}` : '';
}

function cached<T>(cache: Map<string, T | undefined>, key: string, make: () => T): T | undefined {
  if (!cache.has(key)) {
    cache.set(key, make());
  }
  return cache.get(key);
}
