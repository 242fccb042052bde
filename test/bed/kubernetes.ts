// The Kubernetes commands that the bed runs, each at its own version.

import { goKubernetesCommand } from './go.ts';
import type { Log } from './progress.ts';

export type KubernetesCommand =
  | 'kubelet'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl';

/** The version of the control plane, of kubectl, and of kubelets for which a test names no other. */
export const DEFAULT_KUBERNETES_VERSION = '1.37.2';

/** The path of one command at one version such as '1.37.2'; minutes the first time. */
export async function kubernetesBinary(
  command: KubernetesCommand,
  version: string,
  log: Log,
): Promise<string> {
  return goKubernetesCommand(command, version, log);
}
