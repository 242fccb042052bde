// The smallest edit of the ConfigMap that allows what no list allows yet. Pure.

import { selectorText } from '../../../policy/selectors.ts';
import type { Policy } from '../../../policy/policy.ts';

export interface Edit {
  readonly key: 'allowedUnsafeSysctls' | 'profiles';
  /** The profile whose list gets the lines; undefined: the key's own list. */
  readonly profile?: string;
  readonly lines: readonly string[];
}

/**
 * Returns the edit that allows these names; undefined for none. It goes to the narrowest profile that has every node on which the pod's
 * nodeSelector lets it run, since fewer kubelets restart for that, and without one to the list of all nodes.
 */
export function editFor(
  lines: readonly string[],
  nodeSelector: Readonly<Record<string, string>>,
  policy: Policy | undefined,
): Edit | undefined {
  if (lines.length === 0) return undefined;
  const [narrowest] = (policy?.profiles ?? [])
    .filter((profile) =>
      Object.entries(profile.nodeSelector).every(([key, value]) => nodeSelector[key] === value),
    )
    .toSorted((one, other) => size(other) - size(one));
  return narrowest === undefined
    ? { key: 'allowedUnsafeSysctls', lines }
    : { key: 'profiles', profile: narrowest.name, lines };
}

function size({ nodeSelector }: Policy['profiles'][number]): number {
  return Object.keys(nodeSelector).length;
}

/** Returns what is to be done before an edit has an effect; empty when nothing is. */
export function obstacles(policy: Policy | undefined): readonly string[] {
  const { mode = 'Enforce', paused = false } = policy?.settings ?? {};
  return [
    ...(mode === 'Enforce' ? [] : [`mode: ${mode} is set: no edit allows anything until it is removed.`]),
    ...(paused
      ? ['paused is set: no change starts until you resume the rollout (kubectl sysctls resume).']
      : []),
  ];
}

/** Returns how to keep a pod on the nodes of the profiles that allow these names there; undefined when no profile does. */
export function placingText(profiles: Policy['profiles']): string | undefined {
  const [first] = profiles;
  return (
    first &&
    `The scheduler does not know what kubelets allow. A nodeSelector with ${selectorText(first.nodeSelector)} keeps the pod on the nodes of profile ${first.name}.`
  );
}
