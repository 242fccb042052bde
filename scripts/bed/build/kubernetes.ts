// The Kubernetes commands that a bed runs, each at its own version.

import { goKubernetesCommand } from './go.ts';
import type { Log } from '../util/progress.ts';

export type KubernetesCommand =
  | 'kubeadm'
  | 'kubelet'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl';

/** The kubelets that the agent is tested with, oldest first: the latest patch of every minor version. */
export const KUBELET_VERSIONS = [
  '1.30.14',
  '1.31.14',
  '1.32.13',
  '1.33.13',
  '1.34.4',
  '1.35.4',
  '1.36.3',
  '1.37.2',
] as const;

export const [OLDEST_KUBELET_VERSION] = KUBELET_VERSIONS;

/** The newest version: the default for the control plane, kubectl and kubelets. */
export const DEFAULT_KUBERNETES_VERSION = KUBELET_VERSIONS[7];

/** Returns the path of one command at one version such as '1.37.2'; the first build takes minutes. */
export async function kubernetesBinary(
  command: KubernetesCommand,
  version: string,
  log: Log,
): Promise<string> {
  return goKubernetesCommand(command, version, log);
}
