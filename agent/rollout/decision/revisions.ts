// The revision that the policy asks of each node.

import { desiredFor, selects } from '../../policy/desired.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseVersion } from '../../sysctl/version.ts';
import type { FleetNode } from '../fleet.ts';

type Facts = Pick<FleetNode, 'labels' | 'kubelet' | 'kernel'>;

/** The revision for a node with these facts; undefined while its kubelet's version is not known. */
export type RevisionOf = (facts: Facts) => string | undefined;

// Neither a label's value nor a version holds one.
const SEPARATOR = '\n';

/**
 * Works out each revision once for all nodes that have the same profiles and versions, and finds the profiles once for
 * all that have the same values of the labels that profiles look at: most nodes of a fleet are alike.
 */
export function revisionsFor(policy: Policy): RevisionOf {
  const labelKeys = [...new Set(policy.profiles.flatMap(({ nodeSelector }) => Object.keys(nodeSelector)))];
  const byLabels = new Map<string, string | undefined>();
  const byProfiles = new Map<string, string | undefined>();

  function workOut(facts: Facts): string | undefined {
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
    return remembered(byProfiles, key, () => workOut(facts));
  }

  return (facts) => {
    const values = labelKeys.map((key) => labelOf(facts, key));
    const key = [facts.kubelet, facts.kernel, ...values].join(SEPARATOR);
    return remembered(byLabels, key, () => byProfile(facts));
  };
}

/** A label that is not there differs from one that is empty. */
function labelOf({ labels }: Facts, key: string): string {
  return Object.hasOwn(labels, key) ? `=${labels[key]}` : '';
}

function remembered<T>(memory: Map<string, T | undefined>, key: string, make: () => T): T | undefined {
  if (!memory.has(key)) {
    memory.set(key, make());
  }
  return memory.get(key);
}
