// All node kinds that the bed has.

import { dirname } from 'node:path';
import { EKS_KINDS } from './eks.ts';
import { BED_KUBELET, type KindTarget, type NodeKind } from './kind.ts';
import { KUBEADM_KINDS } from './kubeadm.ts';
import { INSTALLER_KINDS } from './other-installers.ts';
import { VENDORS_KINDS } from './refused.ts';

export const KINDS = { ...KUBEADM_KINDS, ...EKS_KINDS, ...INSTALLER_KINDS, ...VENDORS_KINDS } as const;

export const ALL_KINDS: readonly NodeKind[] = Object.values(KINDS);

export type TakenKind = NodeKind & { readonly target: KindTarget };

/** The kinds on which the agent writes the list. */
export const TAKEN_KINDS: readonly TakenKind[] = ALL_KINDS.flatMap((kind) =>
  kind.target === undefined ? [] : [{ ...kind, target: kind.target }],
);

/** Those of them whose target is not KUBELET_EXTRA_ARGS. */
export const NEW_TARGET_KINDS = TAKEN_KINDS.filter(
  ({ target }) => target.kind !== 'variable' || target.name !== 'KUBELET_EXTRA_ARGS',
);

/** The kinds that the agent refuses. */
export const REFUSED_KINDS = ALL_KINDS.filter(({ target }) => target === undefined);

const ANY_NODE = { name: 'n', address: '192.0.2.1', kubeconfig: '', config: 'kind: KubeletConfiguration\n' };

/** What a node of the bed has at first and a node of a kind has not, unless the kind brings it. */
const REPLACED: readonly string[] = [
  '/usr/lib/systemd/system/kubelet.service',
  '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
];

/** Folders whose files other parties add to. */
export const KIND_FOLDERS: readonly string[] = TAKEN_KINDS.flatMap(({ target }) =>
  target.kind === 'config-dir' ? [dirname(target.path)] : [],
);

/** Every path that the bed or the agent writes for a node to be of a kind. */
export const KIND_PATHS: readonly string[] = [
  ...new Set([...REPLACED, ...ALL_KINDS.flatMap(pathsOf)].filter((path) => path !== BED_KUBELET)),
];

function pathsOf(kind: NodeKind): readonly string[] {
  const target = kind.target === undefined ? [] : [kind.target.path];
  return [kind.binary, ...target, ...Object.keys(kind.files(ANY_NODE))];
}
