// Kinds that the agent refuses: the vendor has a setting of its own, or the kubelet is no unit.

import { file, nodeKind, type NodeKind, OS_RELEASE, script, UNIT_FILE } from './kind.ts';
import { WRAPPER_RUNS } from './other-installers.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
const BASE = `--config=${CONFIG} --kubeconfig=/etc/kubernetes/kubelet.conf --v=2`;

function unit(description: string, service: string): string {
  return `[Unit]
Description=${description}

[Service]
${service}
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
}

const GKE = nodeKind({
  title: 'GKE',
  binary: '/home/kubernetes/bin/kubelet',
  labels: { 'cloud.google.com/gke-nodepool': 'default-pool' },
  setting: ['kubeletConfig.allowedUnsafeSysctls'],
  files: () => ({
    [UNIT_FILE]: file(
      unit(
        'The kubelet of a GKE node, written at every boot',
        'EnvironmentFile=/etc/default/kubelet\nExecStart=/home/kubernetes/bin/kubelet $KUBELET_OPTS',
      ),
    ),
    '/etc/default/kubelet': file(`KUBELET_OPTS="${BASE}"\n`),
  }),
});

const KOPS = nodeKind({
  title: 'kOps',
  binary: '/usr/local/bin/kubelet',
  setting: ['spec.kubelet.allowedUnsafeSysctls'],
  files: () => ({
    [UNIT_FILE]: file(
      unit(
        'The kubelet that nodeup set up',
        'EnvironmentFile=/etc/sysconfig/kubelet\nExecStart=/usr/local/bin/kubelet "$DAEMON_ARGS"',
      ),
    ),
    '/etc/sysconfig/kubelet': file(`DAEMON_ARGS="${BASE}"\n`),
  }),
});

const KUBEASZ = nodeKind({
  title: 'kubeasz',
  binary: '/opt/kube/bin/kubelet',
  setting: ['roles/kube-node/templates/kubelet-config.yaml.j2'],
  files: ({ name, kubeconfig }) => ({
    [UNIT_FILE]: file(
      unit(
        'The kubelet of kubeasz',
        `WorkingDirectory=/var/lib/kubelet
ExecStart=/opt/kube/bin/kubelet \\
  --config=${CONFIG} \\
  --hostname-override=${name} \\
  --kubeconfig=/etc/kubernetes/kubelet.kubeconfig`,
      ),
    ),
    '/etc/kubernetes/kubelet.kubeconfig': file(kubeconfig),
  }),
});

const SNAP = nodeKind({
  title: 'Canonical Kubernetes (k8s-snap)',
  unit: 'snap.k8s.kubelet.service',
  setting: ['/var/snap/k8s/common/args/kubelet'],
  files: () => ({
    '/etc/systemd/system/snap.k8s.kubelet.service': file(
      unit('Service for snap application k8s.kubelet', 'ExecStart=/usr/bin/snap run k8s.kubelet'),
    ),
    '/usr/bin/snap': script(`#!/bin/sh\necho "$*" >>${WRAPPER_RUNS}\nexec /usr/bin/kubelet ${BASE}\n`),
  }),
});

const BOTTLEROCKET = nodeKind({
  title: 'Bottlerocket',
  setting: ['settings.kubernetes.allowed-unsafe-sysctls'],
  files: () => ({
    [OS_RELEASE]: file('NAME=Bottlerocket\nID=bottlerocket\nPRETTY_NAME="Bottlerocket OS"\n'),
    [UNIT_FILE]: file(
      unit(
        'The kubelet of a Bottlerocket node, rendered from its settings',
        `EnvironmentFile=/etc/network/proxy.env\nExecStart=/usr/bin/kubelet ${BASE}`,
      ),
    ),
    '/etc/network/proxy.env': file('NO_PROXY=localhost,127.0.0.1\n'),
  }),
});

/** Returns a kind whose kubelet is a part of another program, in that program's unit. */
function inside(title: string, unitName: string, binary: string, setting: readonly string[]): NodeKind {
  return nodeKind({
    title,
    unit: unitName,
    binary,
    setting,
    files: () => ({
      [`/etc/systemd/system/${unitName}`]: file(unit(title, `ExecStart=${binary} ${BASE}`)),
    }),
  });
}

export const VENDORS_KINDS = {
  GKE,
  BOTTLEROCKET,
  KOPS,
  KUBEASZ,
  SNAP,
  K3S: inside('k3s', 'k3s-agent.service', '/usr/local/bin/k3s', ['/etc/rancher/k3s/config.yaml']),
  RKE2: inside('RKE2', 'rke2-agent.service', '/usr/local/bin/rke2', ['/etc/rancher/rke2/config.yaml']),
  K0S: inside('k0s', 'k0sworker.service', '/usr/local/bin/k0s', ['workerProfiles']),
  MICROK8S: inside('MicroK8s', 'snap.microk8s.daemon-kubelite.service', '/snap/microk8s/kubelite', [
    '/var/snap/microk8s/current/args/kubelet',
  ]),
} as const;
