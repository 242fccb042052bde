// What the admission policies of pods must know of the cluster's lists, as the data of a ConfigMap. Pure.

import { labelledNames } from '../../policy/labelled.ts';
import type { Policy } from '../../policy/policy.ts';
import { nodeWideNames } from '../../sysctl/node-wide.ts';
import { normaliseItem } from '../../sysctl/normalise.ts';
import { isSafe, safeNames } from '../../sysctl/safe.ts';
import { NEWEST_KUBELET, parseVersion } from '../../sysctl/version.ts';
import type { FleetNode } from '../fleet.ts';

/** Of the names and prefixes without a label; an admission policy reads them for each pod that sets a sysctl. */
const MOST_BYTES = 64 * 1024;

export type ListsData = Readonly<Record<(typeof LISTS_KEYS)[number], string>>;

/**
 * mode: the policy's. labelled: names for which nodes have a label where their kubelet allows them. unlabelled: other names that the
 * policy, or another party on some node, allows. prefixes: what patterns cover, without the `*`. safe: what every node's kubelet lets
 * pods set. never: what no pod can set. complete: "false" when not all names and prefixes fit.
 */
export const LISTS_KEYS = [
  'mode',
  'labelled',
  'unlabelled',
  'prefixes',
  'safe',
  'never',
  'complete',
] as const;

/** Returns the ConfigMap's data: lists are one item a line, in bytewise order, names with dots. */
export function listsOf(policy: Policy, nodes: readonly FleetNode[]): ListsData {
  const labelled = labelledNames(policy);
  const named = [...policy.entries, ...policy.profiles.flatMap(({ entries }) => entries)];
  const all = [...named.map(({ pattern }) => pattern), ...unmanagedOn(nodes)];
  const items = sorted(all.map(normaliseItem));
  const isLabelled = new Set(labelled);
  const names = items.filter((item) => !item.includes('*') && !isLabelled.has(item));
  const prefixes = sorted(
    items.filter((item) => item.includes('*')).map((item) => item.replace(/\*.*$/u, '')),
  );
  const keptPrefixes = beginning(prefixes);
  const keptNames = beginning(names);
  return {
    mode: policy.settings.mode,
    labelled: labelled.join('\n'),
    unlabelled: keptNames.join('\n'),
    prefixes: keptPrefixes.join('\n'),
    safe: safeOnAll(nodes).join('\n'),
    never: nodeWideNames().join('\n'),
    complete: String(keptNames.length + keptPrefixes.length === names.length + prefixes.length),
  };
}

/** Once each: thousands of nodes have few different ones, and this is asked at each pass. */
function unmanagedOn(nodes: readonly FleetNode[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { unmanaged } of nodes) for (const item of unmanaged ?? []) found.add(item);
  return found;
}

type Kind = Pick<FleetNode, 'kubelet' | 'kernel'>;

/** One node of each pair of versions. */
function kindsOf(nodes: readonly FleetNode[]): readonly Kind[] {
  const kinds: Kind[] = [];
  let last: Kind | undefined;
  for (const node of nodes) {
    const isSame = (kind: Kind | undefined): boolean =>
      kind?.kubelet === node.kubelet && kind.kernel === node.kernel;
    if (isSame(last)) continue;
    last = kinds.find(isSame);
    if (last === undefined) kinds.push((last = node));
  }
  return kinds;
}

/** A node whose kubelet has not reported its version yet counts as one of the newest. */
function safeOnAll(nodes: readonly FleetNode[]): readonly string[] {
  const versions = kindsOf(nodes).map(({ kubelet, kernel }) => ({
    kubelet: parseVersion(kubelet) ?? NEWEST_KUBELET,
    kernel: parseVersion(kernel),
  }));
  return safeNames()
    .filter((name) => isSafe(name, NEWEST_KUBELET, undefined))
    .filter((name) => versions.every(({ kubelet, kernel }) => isSafe(name, kubelet, kernel)));
}

function beginning(items: readonly string[]): readonly string[] {
  let room = MOST_BYTES / 2;
  const end = items.findIndex((item) => {
    room -= item.length + 1;
    return room < 0;
  });
  return end === -1 ? items : items.slice(0, end);
}

function sorted(items: readonly string[]): readonly string[] {
  return [...new Set(items)].toSorted();
}
