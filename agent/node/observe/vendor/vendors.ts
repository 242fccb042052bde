// Where the vendors' kubelets take their allowed unsafe sysctls, for nodes that the agent cannot change. Pure.

import type { NodeObject } from '../../ports.ts';

/** What tells one vendor's node from another's, read from a node that the agent cannot change. */
export interface VendorSigns {
  /** ID in /etc/os-release; empty when there is none. */
  readonly osId: string;
  /** Active units among those of VENDOR_UNITS. */
  readonly units: readonly string[];
  /** The words of ExecStart= of the kubelet's unit, variables unexpanded; empty when there is no such unit. */
  readonly execStart: readonly string[];
  /** Environment= of that unit. */
  readonly environment: readonly string[];
  /** Its environment files. */
  readonly environmentFiles: readonly string[];
}

export interface Vendor {
  readonly name: string;
  /** Where this vendor's allowed unsafe sysctls are set, as one sentence that begins after the name. */
  readonly setting: string;
  readonly isThis: (signs: VendorSigns, node: Pick<NodeObject, 'labels' | 'annotations'>) => boolean;
}

const K3S_LIST =
  'While its ServiceLB is on, the list also needs net.ipv4.ip_forward and net.ipv6.conf.all.forwarding.';
const UNITS = {
  k3s: ['k3s.service', 'k3s-agent.service'],
  rke2: ['rke2-server.service', 'rke2-agent.service'],
  k0s: ['k0sworker.service', 'k0scontroller.service'],
  microk8s: ['snap.microk8s.daemon-kubelite.service'],
  k8s: ['snap.k8s.kubelet.service'],
};

/** The units by which a vendor is recognised where no unit of systemd is a kubelet. */
export const VENDOR_UNITS: readonly string[] = Object.values(UNITS).flat();

/** The first that matches counts. Each has a sign that no other vendor's node carries. */
export const VENDORS: readonly Vendor[] = [
  {
    name: 'Talos',
    setting:
      'set machine.kubelet.extraConfig.allowedUnsafeSysctls in the machine configuration (talosctl patch machineconfig).',
    isThis: ({ osId }) => osId === 'talos',
  },
  {
    name: 'EKS Auto Mode',
    setting: 'has no setting for them: run those pods on a node group of your own.',
    isThis: (_signs, { labels }) => labels['eks.amazonaws.com/compute-type'] === 'auto',
  },
  {
    name: 'Bottlerocket',
    setting:
      'set settings.kubernetes.allowed-unsafe-sysctls in the user data, or with apiclient set on the node.',
    isThis: ({ osId }) => osId === 'bottlerocket',
  },
  {
    name: 'GKE',
    setting: "set kubeletConfig.allowedUnsafeSysctls in the node pool's node system configuration.",
    isThis: (_signs, { labels }) => 'cloud.google.com/gke-nodepool' in labels,
  },
  {
    name: 'kOps',
    setting:
      'set spec.kubelet.allowedUnsafeSysctls in the Cluster or the InstanceGroup, then run kops rolling-update cluster.',
    isThis: ({ execStart, environmentFiles }, { labels }) =>
      'kops.k8s.io/instancegroup' in labels ||
      (names(execStart, 'DAEMON_ARGS') && environmentFiles.includes('/etc/sysconfig/kubelet')),
  },
  {
    name: 'EKS (nodeadm)',
    setting:
      "set spec.kubelet.config.allowedUnsafeSysctls in the NodeConfig of the nodes' user data. New nodes get a config folder with it, which the agent can use.",
    isThis: ({ execStart }) => names(execStart, 'NODEADM_KUBELET_ARGS'),
  },
  {
    name: 'EKS with Amazon Linux 2',
    setting: 'pass --kubelet-extra-args to /etc/eks/bootstrap.sh in the user data of new nodes.',
    isThis: ({ osId, environmentFiles }, { labels }) =>
      osId === 'amzn' && 'eks.amazonaws.com/nodegroup' in labels && environmentFiles.length === 0,
  },
  {
    name: 'OpenShift',
    setting: 'set spec.kubeletConfig.allowedUnsafeSysctls in a KubeletConfig of the machine config pool.',
    isThis: (_signs, { annotations }) => 'machineconfiguration.openshift.io/currentConfig' in annotations,
  },
  {
    name: 'minikube',
    setting: 'run minikube start --extra-config=kubelet.allowed-unsafe-sysctls=NAMES.',
    isThis: (_signs, { labels }) => 'minikube.k8s.io/name' in labels,
  },
  {
    name: 'k3s',
    setting: `set kubelet-arg: ["allowed-unsafe-sysctls=NAMES"] in /etc/rancher/k3s/config.yaml and restart k3s. ${K3S_LIST}`,
    isThis: ({ units }) => runs(units, UNITS.k3s),
  },
  {
    name: 'RKE2',
    setting:
      'set kubelet-arg: ["allowed-unsafe-sysctls=NAMES"] in /etc/rancher/rke2/config.yaml and restart RKE2; where Rancher manages the cluster, in its machineSelectorConfig.',
    isThis: ({ units }) => runs(units, UNITS.rke2),
  },
  {
    name: 'k0s',
    setting:
      'set values.allowedUnsafeSysctls in a worker profile (spec.workerProfiles of the k0s configuration).',
    isThis: ({ units }) => runs(units, UNITS.k0s),
  },
  {
    name: 'MicroK8s',
    setting:
      'add the line --allowed-unsafe-sysctls=NAMES to /var/snap/microk8s/current/args/kubelet, then run snap restart microk8s.',
    isThis: ({ units }) => runs(units, UNITS.microk8s),
  },
  {
    name: 'Canonical Kubernetes',
    setting:
      'add the line --allowed-unsafe-sysctls=NAMES to /var/snap/k8s/common/args/kubelet, then run systemctl restart snap.k8s.kubelet.',
    isThis: ({ units }) => runs(units, UNITS.k8s),
  },
  {
    name: 'RKE1',
    setting:
      'set allowed-unsafe-sysctls in services.kubelet.extra_args of cluster.yml. RKE1 has been without support since July 2025.',
    isThis: (_signs, { annotations }) => 'rke.cattle.io/internal-ip' in annotations,
  },
  {
    name: 'kubeasz',
    setting:
      'set allowedUnsafeSysctls in roles/kube-node/templates/kubelet-config.yaml.j2, then apply that role.',
    isThis: ({ execStart }) =>
      execStart[0] === '/opt/kube/bin/kubelet' &&
      execStart.includes('--config=/var/lib/kubelet/config.yaml') &&
      execStart.includes('--kubeconfig=/etc/kubernetes/kubelet.kubeconfig'),
  },
  {
    name: 'sealos',
    setting: 'set allowedUnsafeSysctls in the KubeletConfiguration of the Clusterfile.',
    isThis: ({ environment }) =>
      environment.some((entry) => /^KUBELET_EXTRA_ARGS=.*\bsealos\.hub:/su.test(entry)),
  },
];

/** Returns the setting of the vendor whose node this is, as a sentence; undefined when no sign of one is certain. */
export function vendorSetting(
  signs: VendorSigns,
  node: Pick<NodeObject, 'labels' | 'annotations'>,
): string | undefined {
  const vendor = VENDORS.find(({ isThis }) => isThis(signs, node));
  return vendor && `This is a node of ${vendor.name}: ${vendor.setting}`;
}

function names(execStart: readonly string[], variable: string): boolean {
  return execStart.some((word) => word === `$${variable}` || word.includes(`\${${variable}}`));
}

function runs(units: readonly string[], own: readonly string[]): boolean {
  return own.some((name) => units.includes(name));
}
