// Units for tests, in the likeness of the official packages.

import type { ConfigSources } from '../../agent/kubelet/config.ts';
import type { KubeletUnit } from '../../agent/kubelet/unit.ts';

export const EXTRA_FILE = '/etc/default/kubelet';
export const KUBEADM_FILE = '/var/lib/kubelet/kubeadm-flags.env';
export const CONFIG_FILE = '/var/lib/kubelet/config.yaml';
export const NO_CONFIG: ConfigSources = { config: undefined, dropIns: [] };
export const NOTHING_APPLIED = { ours: [], folded: [] };

/** kubeadm's unit with a given /etc/default/kubelet (undefined: there is none). */
export function kubeadmUnit(
  content: string | Uint8Array | undefined,
  more: { readonly environment?: readonly string[]; readonly kubeadmFlags?: string } = {},
): KubeletUnit {
  return {
    name: 'kubelet.service',
    execStart: [
      '/usr/bin/kubelet',
      '$KUBELET_KUBECONFIG_ARGS',
      '$KUBELET_CONFIG_ARGS',
      '$KUBELET_KUBEADM_ARGS',
      '$KUBELET_EXTRA_ARGS',
    ],
    environment: [`KUBELET_CONFIG_ARGS=--config=${CONFIG_FILE}`, ...(more.environment ?? [])],
    environmentFiles: [
      { path: KUBEADM_FILE, optional: true, fromGlob: false, content: bytesOf(more.kubeadmFlags) },
      { path: EXTRA_FILE, optional: true, fromGlob: false, content: bytesOf(content) },
    ],
    systemdVersion: 252,
  };
}

/** A config.yaml with this list, in YAML's flow style. */
export function configFile(list: string): ConfigSources {
  const text = `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nallowedUnsafeSysctls: ${list}\n`;
  return { config: { path: CONFIG_FILE, content: Buffer.from(text) }, dropIns: [] };
}

export function bytesOf(content: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content;
}
