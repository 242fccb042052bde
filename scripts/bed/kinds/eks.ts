// Amazon's nodes: nodeadm writes the kubelet's files; on AL2023 it does so at every boot.

import { CONTAINERD, DROP_INS, file, jsonConfig, type KindFiles, type KindNode, nodeKind } from './kind.ts';
import { OS_RELEASE, OWN_CONFIG, script, UNIT_FILE, variableIn } from './kind.ts';

const ENVIRONMENT = '/etc/eks/kubelet/environment';
const CONFIG = '/etc/kubernetes/kubelet/config.json';
const CONFIG_DIR = `${CONFIG}.d`;
const NODEADM_CONFIG = `${CONFIG_DIR}/40-nodeadm.conf`;
const KUBECONFIG = '/var/lib/kubelet/kubeconfig';
const NODEADM = '/usr/local/lib/bed/nodeadm';
const NODEADM_COPIES = '/usr/local/lib/bed/nodeadm.d';

function unit(execStart: string): string {
  return `[Unit]
Description=The kubelet of an EKS node
After=containerd.service
Wants=containerd.service

[Service]
Slice=runtime.slice
EnvironmentFile=${ENVIRONMENT}
ExecStartPre=/usr/sbin/iptables -P FORWARD ACCEPT -w 5
ExecStart=${execStart}
Restart=on-failure
RestartForceExitStatus=SIGPIPE
RestartSec=5
KillMode=process
CPUAccounting=true
MemoryAccounting=true

[Install]
WantedBy=multi-user.target
`;
}

/** nodeadm joins the arguments into one quoted line. */
function environmentOf(args: readonly string[]): string {
  return `NODEADM_KUBELET_ARGS="${args.join(' ')}"\n`;
}

function ownArgs({ name, address }: KindNode): readonly string[] {
  return [`--hostname-override=${name}`, `--node-ip=${address}`, '--v=2'];
}

/** What nodeadm writes, and a unit that writes it again at every boot, before the kubelet starts. */
function writtenAtBoot(files: KindFiles): KindFiles {
  const copies = Object.entries(files).map(([path, each], index) => ({
    path,
    each,
    copy: `${NODEADM_COPIES}/${index}`,
  }));
  return {
    ...files,
    ...Object.fromEntries(copies.map(({ copy, each }) => [copy, each])),
    [NODEADM]: script(
      `#!/bin/sh\nset -eu\n${copies.map(({ copy, path }) => `cp ${copy} ${path}\n`).join('')}`,
    ),
    '/etc/systemd/system/nodeadm-run.service': file(`[Unit]
Description=What nodeadm writes at every boot
Before=kubelet.service

[Service]
Type=oneshot
ExecStart=${NODEADM}
`),
    '/etc/systemd/system/multi-user.target.d/nodeadm.conf': file('[Unit]\nWants=nodeadm-run.service\n'),
  };
}

const AL2023 = nodeKind({
  title: 'EKS AL2023 with config-dir',
  target: { kind: 'config-dir', path: `${CONFIG_DIR}/${OWN_CONFIG}` },
  files: (node) => ({
    [UNIT_FILE]: file(unit('/usr/bin/kubelet $NODEADM_KUBELET_ARGS')),
    [KUBECONFIG]: file(node.kubeconfig),
    ...writtenAtBoot({
      [ENVIRONMENT]: file(
        environmentOf([
          `--config-dir=${CONFIG_DIR}`,
          `--config=${CONFIG}`,
          `--kubeconfig=${KUBECONFIG}`,
          ...ownArgs(node),
        ]),
      ),
      [CONFIG]: file(jsonConfig(node)),
      [NODEADM_CONFIG]: file(
        `${JSON.stringify({ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: 58 }, undefined, 4)}\n`,
      ),
    }),
  }),
});

const AL2023_WITHOUT = nodeKind({
  title: 'EKS AL2023 without config-dir',
  setting: ['spec.kubelet.config.allowedUnsafeSysctls', 'NodeConfig'],
  files: (node) => ({
    [UNIT_FILE]: file(unit('/usr/bin/kubelet $NODEADM_KUBELET_ARGS')),
    [KUBECONFIG]: file(node.kubeconfig),
    ...writtenAtBoot({
      [ENVIRONMENT]: file(
        environmentOf([`--config=${CONFIG}`, `--kubeconfig=${KUBECONFIG}`, ...ownArgs(node)]),
      ),
      [CONFIG]: file(jsonConfig(node)),
    }),
  }),
});

/** A person runs nodeadm here, not a boot. */
const HYBRID = nodeKind({
  title: 'EKS Hybrid Nodes',
  target: variableIn(ENVIRONMENT),
  files: (node) => ({
    [UNIT_FILE]: file(
      unit(`/usr/bin/kubelet \\
    --config ${CONFIG} \\
    --kubeconfig ${KUBECONFIG} \\
    --container-runtime-endpoint ${CONTAINERD} \\
    $NODEADM_KUBELET_ARGS \\
    $KUBELET_EXTRA_ARGS`),
    ),
    [KUBECONFIG]: file(node.kubeconfig),
    [ENVIRONMENT]: file(environmentOf(ownArgs(node))),
    [CONFIG]: file(jsonConfig(node)),
  }),
});

const AL2 = nodeKind({
  title: 'EKS AL2',
  labels: { 'eks.amazonaws.com/nodegroup': 'workers' },
  setting: ['EnvironmentFile', 'bootstrap.sh'],
  files: (node) => ({
    [OS_RELEASE]: file('NAME="Amazon Linux"\nVERSION="2"\nID="amzn"\nVERSION_ID="2"\n'),
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of an older EKS node
After=containerd.service

[Service]
ExecStart=/usr/bin/kubelet \\
    --config /etc/kubernetes/kubelet/kubelet-config.json \\
    --kubeconfig ${KUBECONFIG} \\
    $KUBELET_ARGS \\
    $KUBELET_EXTRA_ARGS
Restart=on-failure
RestartSec=5
KillMode=process

[Install]
WantedBy=multi-user.target
`),
    [`${DROP_INS}/10-kubelet-args.conf`]: file(
      `[Service]\nEnvironment='KUBELET_ARGS=--node-ip=${node.address} --v=2'\n`,
    ),
    [`${DROP_INS}/30-kubelet-extra-args.conf`]: file(
      "[Service]\nEnvironment='KUBELET_EXTRA_ARGS=--max-pods=58'\n",
    ),
    [KUBECONFIG]: file(node.kubeconfig),
    '/etc/kubernetes/kubelet/kubelet-config.json': file(jsonConfig(node)),
  }),
});

export const EKS_KINDS = { AL2023, AL2023_WITHOUT, HYBRID, AL2 } as const;
