// The nodes of the tier's bed with their kubelets: the newest, and the oldest on one node; or the one of `npm run matrix`
// on all.

import type { NodeSpec } from '../bed/bed.ts';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../bed/build/kubernetes.ts';

/** The name of the environment variable with the one kubelet that all nodes have, such as 1.33.13. */
export const ONE_KUBELET = 'KUBELET_SYSCTLS_E2E_KUBELET';

export type E2eNode = NodeSpec & { readonly kubelet: string };

const NODES: readonly NodeSpec[] = [
  { name: 'n1', layout: 'deb-missing' },
  { name: 'n2', layout: 'deb-full' },
  { name: 'n3', layout: 'rpm', kubelet: OLDEST_KUBELET_VERSION },
  { name: 'n4', layout: 'drop-in-environment' },
  { name: 'n5', layout: 'no-variable' },
];

/** Returns five nodes of five layouts; undefined: the newest kubelet, and the oldest on one node. */
export function e2eNodes(oneKubelet: string | undefined): readonly E2eNode[] {
  return NODES.map((node) => ({
    ...node,
    kubelet: oneKubelet ?? node.kubelet ?? DEFAULT_KUBERNETES_VERSION,
  }));
}

/** The nodes of this run. */
export const E2E_NODES = e2eNodes(process.env[ONE_KUBELET] || undefined);

/** Returns a node that a case adds, with the kubelet of this run. */
export function newNode(spec: NodeSpec): E2eNode {
  return { kubelet: process.env[ONE_KUBELET] || DEFAULT_KUBERNETES_VERSION, ...spec };
}

/** Returns how `found` differs from this run's nodes, as sentences; ignores nodes that a case has added. */
export function differencesFrom(
  found: readonly NodeSpec[],
  wanted: readonly E2eNode[] = E2E_NODES,
): readonly string[] {
  return wanted.flatMap(({ name, layout, kubelet }) => {
    const node = found.find((each) => each.name === name);
    if (node === undefined) return [`no node ${name}`];
    const version = node.kubelet ?? DEFAULT_KUBERNETES_VERSION;
    if (node.layout === layout && version === kubelet) return [];
    return [`${name} with layout ${node.layout} and kubelet ${version}, not ${layout} and ${kubelet}`];
  });
}
