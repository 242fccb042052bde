import { describe, expect, test } from 'vitest';
import { VENDORS, vendorSetting, type VendorSigns } from '../../../../agent/node/observe/vendor/vendors.ts';

const NONE: VendorSigns = { osId: '', units: [], execStart: [], environment: [], environmentFiles: [] };
const NODE = { labels: { 'kubernetes.io/hostname': 'n1' }, annotations: {} };

interface Sample {
  readonly name: string;
  readonly signs?: Partial<VendorSigns>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A part of its setting. */
  readonly setting: string;
}

const SAMPLES: readonly Sample[] = [
  { name: 'Talos', signs: { osId: 'talos' }, setting: 'machine.kubelet.extraConfig.allowedUnsafeSysctls' },
  {
    name: 'EKS Auto Mode',
    signs: { osId: 'bottlerocket' },
    labels: { 'eks.amazonaws.com/compute-type': 'auto' },
    setting: 'a node group of your own',
  },
  {
    name: 'Bottlerocket',
    signs: { osId: 'bottlerocket', execStart: ['/usr/bin/kubelet', '--v=2'] },
    setting: 'settings.kubernetes.allowed-unsafe-sysctls',
  },
  {
    name: 'GKE',
    signs: {
      osId: 'cos',
      execStart: ['/home/kubernetes/bin/kubelet', '$KUBELET_OPTS'],
      environmentFiles: ['/etc/default/kubelet'],
    },
    labels: { 'cloud.google.com/gke-nodepool': 'default' },
    setting: 'kubeletConfig.allowedUnsafeSysctls',
  },
  {
    name: 'kOps',
    signs: {
      execStart: ['/usr/local/bin/kubelet', '$DAEMON_ARGS'],
      environmentFiles: ['/etc/sysconfig/kubelet'],
    },
    setting: 'spec.kubelet.allowedUnsafeSysctls',
  },
  {
    name: 'EKS (nodeadm)',
    signs: {
      osId: 'amzn',
      execStart: ['/usr/bin/kubelet', '$NODEADM_KUBELET_ARGS'],
      environmentFiles: ['/etc/eks/kubelet/environment'],
    },
    labels: { 'eks.amazonaws.com/nodegroup': 'a' },
    setting: 'NodeConfig',
  },
  {
    name: 'EKS with Amazon Linux 2',
    signs: { osId: 'amzn', execStart: ['/usr/bin/kubelet', '$KUBELET_ARGS', '$KUBELET_EXTRA_ARGS'] },
    labels: { 'eks.amazonaws.com/nodegroup': 'a' },
    setting: 'bootstrap.sh',
  },
  {
    name: 'OpenShift',
    signs: { osId: 'rhel', execStart: ['/usr/local/bin/kubenswrapper', '/usr/bin/kubelet'] },
    annotations: { 'machineconfiguration.openshift.io/currentConfig': 'rendered-worker-1' },
    setting: 'KubeletConfig',
  },
  { name: 'minikube', labels: { 'minikube.k8s.io/name': 'minikube' }, setting: '--extra-config=kubelet.' },
  { name: 'k3s', signs: { units: ['k3s-agent.service'] }, setting: '/etc/rancher/k3s/config.yaml' },
  { name: 'RKE2', signs: { units: ['rke2-server.service'] }, setting: '/etc/rancher/rke2/config.yaml' },
  { name: 'k0s', signs: { units: ['k0sworker.service'] }, setting: 'spec.workerProfiles' },
  {
    name: 'MicroK8s',
    signs: { units: ['snap.microk8s.daemon-kubelite.service'] },
    setting: '/var/snap/microk8s/current/args/kubelet',
  },
  {
    name: 'Canonical Kubernetes',
    signs: { units: ['snap.k8s.kubelet.service'] },
    setting: '/var/snap/k8s/common/args/kubelet',
  },
  {
    name: 'RKE1',
    annotations: { 'rke.cattle.io/internal-ip': '10.0.0.1' },
    setting: 'services.kubelet.extra_args',
  },
  {
    name: 'kubeasz',
    signs: {
      execStart: [
        '/opt/kube/bin/kubelet',
        '--config=/var/lib/kubelet/config.yaml',
        '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig',
      ],
    },
    setting: 'kubelet-config.yaml.j2',
  },
  {
    name: 'sealos',
    signs: { environment: ['KUBELET_EXTRA_ARGS=--pod-infra-container-image=sealos.hub:5000/pause:3.9'] },
    setting: 'Clusterfile',
  },
];

describe('the vendor’s own setting', () => {
  test.each(SAMPLES)('of $name is named on its node', ({ name, signs, labels, annotations, setting }) => {
    const text = vendorSetting(
      { ...NONE, ...signs },
      { labels: labels ?? {}, annotations: annotations ?? {} },
    );

    expect(text).toContain(`This is a node of ${name}: `);
    expect(text).toContain(setting);
  });

  test('has an example above for every vendor', () => {
    expect(SAMPLES.map(({ name }) => name)).toEqual(VENDORS.map(({ name }) => name));
  });

  test.each<[string, Partial<VendorSigns>, Readonly<Record<string, string>>]>([
    ['kubeadm on Ubuntu', { osId: 'ubuntu', execStart: ['/usr/bin/kubelet', '$KUBELET_EXTRA_ARGS'] }, {}],
    [
      'a hand-made unit with KUBELET_OPTS',
      { execStart: ['/opt/kubernetes/bin/kubelet', '$KUBELET_OPTS'] },
      {},
    ],
    ['a variable that only resembles kOps’s', { execStart: ['/usr/bin/kubelet', '$DAEMON_ARGS'] }, {}],
    ['Container-Optimized OS outside GKE', { osId: 'cos' }, {}],
    ['kubespray', { execStart: ['/usr/local/bin/kubelet', '$KUBELET_ARGS'] }, {}],
    [
      'AKS',
      { execStart: ['/usr/local/bin/kubelet', '$KUBELET_FLAGS'] },
      { 'kubernetes.azure.com/cluster': 'x' },
    ],
    ['RKE2 of Rancher, whose label resembles RKE1’s', {}, { 'rke.cattle.io/machine': 'x' }],
  ])('is not guessed: %s', (_title, signs, labels) => {
    expect(vendorSetting({ ...NONE, ...signs }, { ...NODE, labels })).toBeUndefined();
  });

  test.each(VENDORS)('of $name is whole sentences', ({ setting }) => {
    expect(setting).toMatch(/^[a-z].*\.$/su);
  });
});
