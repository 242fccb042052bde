// Kinds that kubeadm joins: each has kubeadm's drop-in in a form of its own.

import { KUBELET_SERVICE } from '../node/layouts.ts';
import { DROP_INS, file, type KindFile, type KindFiles, nodeKind, UNIT_FILE, variableIn } from './kind.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
const DEFAULT_FILE = '/etc/default/kubelet';
const SYSCONFIG_FILE = '/etc/sysconfig/kubelet';
const VENDOR_UNIT = '/usr/lib/systemd/system/kubelet.service';
const KUBEADM_FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const ALL_ARGS = '$KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS';

interface DropIn {
  readonly binary?: string;
  readonly configArgs?: string;
  /** EnvironmentFile= and Environment= behind kubeadm's own, a line each. */
  readonly sources: readonly string[];
  readonly args?: string;
}

/** Returns a 10-kubeadm.conf. */
function dropIn({ binary = '/usr/bin/kubelet', configArgs = `--config=${CONFIG}`, sources, args }: DropIn) {
  return file(`[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=${configArgs}"
EnvironmentFile=-${KUBEADM_FLAGS}
${sources.join('\n')}
ExecStart=
ExecStart=${binary} ${args ?? ALL_ARGS}
`);
}

/** Returns the unit of the official packages with another drop-in. */
function packaged(conf: KindFile): KindFiles {
  return { [VENDOR_UNIT]: file(KUBELET_SERVICE), [`${VENDOR_UNIT}.d/10-kubeadm.conf`]: conf };
}

/** Returns a unit for an installer that brings its own in /etc. */
function unit(binary: string): KindFiles {
  return {
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of this node
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${binary}
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`),
  };
}

const KIND_NODE = nodeKind({
  title: 'kind',
  target: variableIn(DEFAULT_FILE),
  files: () => ({
    ...unit('/usr/bin/kubelet'),
    // What kubeadm gives the kubelet comes last, so that a list from there is appended to ours.
    [`${DROP_INS}/10-kubeadm.conf`]: dropIn({
      sources: [`EnvironmentFile=-${DEFAULT_FILE}`],
      args: '$KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_EXTRA_ARGS $KUBELET_KUBEADM_ARGS',
    }),
    [DEFAULT_FILE]: file('KUBELET_EXTRA_ARGS=--runtime-cgroups=/system.slice/containerd.service\n'),
  }),
});

/** Images of image-builder read both files; which of them exists depends on the distribution. */
const BOTH_FILES = [`EnvironmentFile=-${SYSCONFIG_FILE}`, `EnvironmentFile=-${DEFAULT_FILE}`];

const IMAGE_BUILDER = nodeKind({
  title: 'image-builder, DEB',
  target: variableIn(DEFAULT_FILE),
  files: () => ({
    ...packaged(dropIn({ sources: BOTH_FILES })),
    [DEFAULT_FILE]: file('KUBELET_EXTRA_ARGS="--v=2"\n'),
  }),
});

const IMAGE_BUILDER_RPM = nodeKind({
  title: 'image-builder, RPM with config-dir',
  target: variableIn(SYSCONFIG_FILE),
  files: () => ({
    ...packaged(
      dropIn({
        configArgs: `--config=${CONFIG} --config-dir /var/lib/kubelet/kubelet.conf.d`,
        sources: BOTH_FILES,
      }),
    ),
    [SYSCONFIG_FILE]: file('KUBELET_EXTRA_ARGS=--v=2\n'),
    '/var/lib/kubelet/kubelet.conf.d/20-reserved.conf': file(
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nsystemReserved: {memory: 64Mi}\n',
    ),
  }),
});

const KUBEKEY = nodeKind({
  title: 'kubekey',
  binary: '/usr/local/bin/kubelet',
  // Our file's assignment hides the words of Environment=, which are carried over.
  target: variableIn(DEFAULT_FILE),
  files: ({ name, address }) => ({
    ...unit('/usr/local/bin/kubelet'),
    [`${DROP_INS}/10-kubeadm.conf`]: dropIn({
      binary: '/usr/local/bin/kubelet',
      sources: [
        `EnvironmentFile=-${DEFAULT_FILE}`,
        `Environment="KUBELET_EXTRA_ARGS=--node-ip=${address} --hostname-override=${name}"`,
      ],
    }),
  }),
});

const FLATCAR = nodeKind({
  title: 'Flatcar',
  // Neither the file nor its folder is there.
  target: variableIn(SYSCONFIG_FILE),
  files: () => packaged(dropIn({ sources: [`EnvironmentFile=-${SYSCONFIG_FILE}`] })),
});

const SEALOS = nodeKind({
  title: 'sealos',
  setting: ['EnvironmentFile'],
  files: () => ({
    ...unit('/usr/bin/kubelet'),
    [`${DROP_INS}/10-kubeadm.conf`]: dropIn({ sources: ['Environment="KUBELET_EXTRA_ARGS=--v=1"'] }),
  }),
});

const MINIKUBE = nodeKind({
  title: 'minikube',
  labels: { 'minikube.k8s.io/name': 'minikube' },
  setting: ['--extra-config=kubelet.allowed-unsafe-sysctls'],
  files: ({ name, address }) => ({
    ...unit('/usr/bin/kubelet'),
    [`${DROP_INS}/10-kubeadm.conf`]: file(`[Unit]
Wants=containerd.service

[Service]
ExecStart=
ExecStart=/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --config=${CONFIG} --hostname-override=${name} --kubeconfig=/etc/kubernetes/kubelet.conf --node-ip=${address}
`),
  }),
});

export const KUBEADM_KINDS = {
  KIND_NODE,
  IMAGE_BUILDER,
  IMAGE_BUILDER_RPM,
  KUBEKEY,
  FLATCAR,
  SEALOS,
  MINIKUBE,
} as const;
