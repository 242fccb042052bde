// What a node was before any agent or test touched it, and how it gets there again.

import { KIND_FOLDERS, KIND_PATHS } from '../../../../scripts/bed/kinds/kinds.ts';

/** Files of the host that a test may change; each may be missing. */
export const FILES: readonly string[] = [
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
  ...KIND_PATHS,
];

/** Folders whose files a test may change, add and remove. */
export const FOLDERS: readonly string[] = [
  '/etc/systemd/system/kubelet.service.d',
  '/etc/kubernetes/kubelet.conf.d',
  ...KIND_FOLDERS,
];

export interface Original {
  /** Path → base64; null: there is no such file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly argv: readonly string[];
}

/** By the node's name. */
export type Originals = Readonly<Record<string, Original>>;
