// The ways in which the kubelets of real nodes get their arguments.

/**
 * deb-missing: as the deb packages, without /etc/default/kubelet. deb-full: that file is full of other people's settings.
 * rpm: as the rpm packages, /etc/sysconfig/kubelet as shipped. no-variable: a unit that does not use KUBELET_EXTRA_ARGS.
 * drop-in-environment: the variable is set by Environment= in a drop-in and there is no file.
 */
export type Layout = 'deb-missing' | 'deb-full' | 'rpm' | 'no-variable' | 'drop-in-environment';

export const LAYOUTS: readonly Layout[] = [
  'deb-missing',
  'deb-full',
  'rpm',
  'no-variable',
  'drop-in-environment',
];

/** container: systemd-nspawn, quick to start, on this machine's kernel. vm: QEMU, a machine with a kernel and a disk of its own. */
export type MachineKind = 'container' | 'vm';

export const MACHINE_KINDS: readonly MachineKind[] = ['container', 'vm'];

/** What a virtual machine runs. debian12: systemd 252, kernel 6.1. debian13: systemd 257, kernel 6.12. AppArmor enforces, or SELinux. */
export type VmSystem = 'debian12' | 'debian13' | 'debian13-selinux';

export const VM_SYSTEMS: readonly VmSystem[] = ['debian12', 'debian13', 'debian13-selinux'];

export interface NodeSpec {
  readonly name: string;
  /** Default: container. */
  readonly machine?: MachineKind;
  /** Of a virtual machine; default: debian13. */
  readonly system?: VmSystem;
  readonly layout: Layout;
  /** The kubelet's version, such as '1.30.14'; default: the bed's version. */
  readonly kubelet?: string;
  /** Taints with which the kubelet registers the Node. */
  readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  /** Written before the first boot: path on the node → content. */
  readonly files?: Readonly<Record<string, string>>;
}

/** kubelet.service as the official packages have it (kubernetes/release, cmd/krel/templates). */
export const KUBELET_SERVICE = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

const DEB_FILE = '/etc/default/kubelet';
const RPM_FILE = '/etc/sysconfig/kubelet';
const DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';

/** Returns 10-kubeadm.conf as in the official packages; deb and rpm differ only in the last file. */
function kubeadmDropIn(extraArgsFile: string): Readonly<Record<string, string>> {
  return {
    [DROP_IN]: `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# This is a file that "kubeadm init" and "kubeadm join" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
# This is a file that the user can use for overrides of the kubelet args as a last resort. Preferably, the user should use
# the .NodeRegistration.KubeletExtraArgs object in the configuration files instead. KUBELET_EXTRA_ARGS should be sourced from this file.
EnvironmentFile=-${extraArgsFile}
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`,
  };
}

const DROP_IN_WITHOUT_VARIABLE = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
`;

const OTHER_PEOPLES_WORK = `# /etc/default/kubelet
# Managed by the platform team. Ask in #nodes before you touch this!
#   2024-03-11  jk   labels for zones, see the runbook
#   2025-01-20  mira max-pods down to 60 (subnet is small)

; proxies of the office network
HTTP_PROXY=
export NO_PROXY=10.0.0.0/8,127.0.0.1
  GODEBUG = netdns=go
KUBELET_FEATURES='keep "this" line, it is read by inventory.sh'

# extra args (two words for max-pods is fine, the kubelet takes both forms)
KUBELET_EXTRA_ARGS="--node-labels=team=a,zone=b --v=2   --max-pods 60"

#KUBELET_EXTRA_ARGS="--node-labels=team=a --v=4"
CPU_MANAGER="none"\t
# end of file`;

const FILES: Readonly<Record<Layout, Readonly<Record<string, string>>>> = {
  'deb-missing': kubeadmDropIn(DEB_FILE),
  'deb-full': { ...kubeadmDropIn(DEB_FILE), [DEB_FILE]: OTHER_PEOPLES_WORK },
  rpm: { ...kubeadmDropIn(RPM_FILE), [RPM_FILE]: 'KUBELET_EXTRA_ARGS=\n' },
  'no-variable': { [DROP_IN]: DROP_IN_WITHOUT_VARIABLE },
  'drop-in-environment': {
    ...kubeadmDropIn(DEB_FILE),
    '/etc/systemd/system/kubelet.service.d/20-verbosity.conf':
      '[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--v=3"\n',
  },
};

/** Returns the files in which a layout differs from the others, by path on the node. */
export function layoutFiles(layout: Layout): Readonly<Record<string, string>> {
  return FILES[layout];
}
