// The policy's revision for each node.

import { desiredFor, selects } from '../../policy/desired.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseVersion } from '../../sysctl/version.ts';
import type { FleetNode } from '../fleet.ts';

type Facts = Pick<FleetNode, 'labels' | 'kubelet' | 'kernel'>;

/** The revision for a node with these facts; undefined while its kubelet's version is not known. */
export type RevisionOf = (facts: Facts) => string | undefined;

// Neither a label's value nor a version contains a newline.
const SEPARATOR = '\n';

/**
 * Caches each revision by profiles and versions, and the matching profiles by the labels that they select on: most nodes
 * of a fleet are alike.
 */
export function revisionsFor(policy: Policy): RevisionOf {
  const labelKeys = [...new Set(policy.profiles.flatMap(({ nodeSelector }) => Object.keys(nodeSelector)))];
  const byLabels = new Map<string, string | undefined>();
  const byProfiles = new Map<string, string | undefined>();

  function compute(facts: Facts): string | undefined {
    const kubelet = parseVersion(facts.kubelet);
    return kubelet === undefined
      ? undefined
      : desiredFor(policy, { labels: facts.labels, kubelet, kernel: parseVersion(facts.kernel) }).revision;
  }

  function byProfile(facts: Facts): string | undefined {
    const matching = policy.profiles.flatMap((profile, index) =>
      selects(profile, facts.labels) ? [index] : [],
    );
    const key = [facts.kubelet, facts.kernel, ...matching].join(SEPARATOR);
    return cached(byProfiles, key, () => compute(facts));
  }

  return (facts) => {
    const values = labelKeys.map((key) => labelOf(facts, key));
    const key = [facts.kubelet, facts.kernel, ...values].join(SEPARATOR);
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
