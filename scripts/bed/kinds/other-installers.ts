// Kinds whose installer writes a unit of its own, with its own variables.

import {
  CONTAINERD,
  DROP_INS,
  file,
  jsonConfig,
  nodeKind,
  OS_RELEASE,
  OWN_CONFIG,
  script,
  secret,
} from './kind.ts';
import { UNIT_FILE, variableIn } from './kind.ts';

const KUBELET_ENV = '/etc/kubernetes/kubelet.env';
const DEFAULT_FILE = '/etc/default/kubelet';
const EXTRA_ARGS_FILE = '/var/lib/kubelet/extra_args';
const OPENSHIFT_DIR = '/etc/openshift/kubelet.conf.d';
const WRAPPER = '/usr/local/bin/kubenswrapper';
/** Where the stand-in for OpenShift's wrapper writes a line each time it is run. */
export const WRAPPER_RUNS = '/run/bed-kubenswrapper';

/** Ansible writes the unit, the environment file and the config, all of them for root alone. */
const KUBESPRAY = nodeKind({
  title: 'kubespray',
  binary: '/usr/local/bin/kubelet',
  target: variableIn(KUBELET_ENV, 'KUBELET_ARGS'),
  files: ({ name, address, config }) => ({
    [UNIT_FILE]: secret(`[Unit]
Description=The kubelet that Ansible set up
After=containerd.service
Wants=containerd.service

[Service]
EnvironmentFile=-${KUBELET_ENV}
ExecStart=/usr/local/bin/kubelet \\
\t\t$KUBE_LOGTOSTDERR \\
\t\t$KUBE_LOG_LEVEL \\
\t\t$KUBELET_API_SERVER \\
\t\t$KUBELET_ADDRESS \\
\t\t$KUBELET_PORT \\
\t\t$KUBELET_HOSTNAME \\
\t\t$KUBELET_ARGS \\
\t\t$DOCKER_SOCKET \\
\t\t$KUBELET_NETWORK_PLUGIN \\
\t\t$KUBELET_VOLUME_PLUGIN \\
\t\t$KUBELET_CLOUDPROVIDER
Restart=always
RestartSec=10s

[Install]
WantedBy=multi-user.target
`),
    [KUBELET_ENV]: secret(`KUBE_LOG_LEVEL="--v=2"
KUBELET_ADDRESS="--node-ip=${address}"
KUBELET_HOSTNAME="--hostname-override=${name}"

KUBELET_ARGS="--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
--config=/etc/kubernetes/kubelet-config.yaml \\
--kubeconfig=/etc/kubernetes/kubelet.conf \\
--runtime-cgroups=/system.slice/containerd.service \\
 "
KUBELET_CLOUDPROVIDER=""

PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`),
    '/etc/kubernetes/kubelet-config.yaml': secret(config),
  }),
});

/** The provisioning script writes /etc/default/kubelet once; its values are unquoted, whatever they contain. */
const AKS = nodeKind({
  title: 'AKS',
  binary: '/opt/bin/kubelet',
  target: variableIn(DEFAULT_FILE, 'KUBELET_FLAGS'),
  files: (node) => ({
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of an AKS node
ConditionPathExists=/opt/bin/kubelet

[Service]
Restart=always
RestartSec=2
EnvironmentFile=${DEFAULT_FILE}
SuccessExitStatus=143
ExecStartPre=/bin/mkdir -p /var/lib/kubelet /var/lib/cni
ExecStartPre=-/usr/sbin/iptables -t nat --numeric --list
ExecStart=/opt/bin/kubelet \\
        --enable-server \\
        --node-labels="\${KUBELET_NODE_LABELS}" \\
        --v=2 \\
        --volume-plugin-dir=/etc/kubernetes/volumeplugins \\
        $KUBELET_TLS_BOOTSTRAP_FLAGS \\
        $KUBELET_CONFIG_FILE_FLAGS \\
        $KUBELET_CONTAINERD_FLAGS \\
        $KUBELET_CONTAINER_RUNTIME_FLAG \\
        $KUBELET_CGROUP_FLAGS \\
        $KUBELET_FLAGS

[Install]
WantedBy=multi-user.target
`),
    [`${DROP_INS}/10-componentconfig.conf`]: file(
      '[Service]\nEnvironment="KUBELET_CONFIG_FILE_FLAGS=--config /etc/default/kubeletconfig.json"\n',
    ),
    [`${DROP_INS}/10-containerd-base-flag.conf`]: file(
      `[Service]\nEnvironment="KUBELET_CONTAINERD_FLAGS=--runtime-request-timeout=15m --container-runtime-endpoint=${CONTAINERD} --runtime-cgroups=/system.slice/containerd.service"\n`,
    ),
    [`${DROP_INS}/10-tlsbootstrap.conf`]: file(
      '[Service]\nEnvironment="KUBELET_TLS_BOOTSTRAP_FLAGS=--kubeconfig /var/lib/kubelet/kubeconfig --bootstrap-kubeconfig /var/lib/kubelet/bootstrap-kubeconfig"\n',
    ),
    [DEFAULT_FILE]:
      secret(`KUBELET_FLAGS=--event-qps=0 --node-ip=${node.address} --node-status-update-frequency=10s --pod-max-pids=-1 
KUBELET_REGISTER_SCHEDULABLE=true
NETWORK_POLICY=
KUBELET_IMAGE=
KUBELET_NODE_LABELS=agentpool=pool1,kubernetes.azure.com/mode=system
AZURE_ENVIRONMENT_FILEPATH=
`),
    '/etc/default/kubeletconfig.json': file(jsonConfig(node)),
    '/var/lib/kubelet/kubeconfig': secret(node.kubeconfig),
  }),
});

/** An earlier AKS image: the unit starts a script, which starts the kubelet without the script's arguments. */
const AKS_SCRIPT = nodeKind({
  title: 'AKS with a start script',
  setting: ['start-kubelet.sh'],
  files: () => ({
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of an AKS node

[Service]
Restart=always
EnvironmentFile=${DEFAULT_FILE}
ExecStart=/opt/azure/containers/start-kubelet.sh

[Install]
WantedBy=multi-user.target
`),
    '/opt/azure/containers/start-kubelet.sh': script(`#!/bin/bash
echo started >>${WRAPPER_RUNS}
exec /usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml --v=2 $KUBELET_FLAGS
`),
    [DEFAULT_FILE]: secret('KUBELET_FLAGS=--event-qps=0 \nKUBELET_NODE_LABELS=agentpool=pool1\n'),
  }),
});

/** /etc/environment is everyone's: the list goes into the kubelet's own file, which need not exist. */
const GARDENER = nodeKind({
  title: 'Gardener',
  binary: '/opt/bin/kubelet',
  target: variableIn(EXTRA_ARGS_FILE),
  files: ({ name, kubeconfig, config }) => ({
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of a shoot's node
After=containerd.service
[Install]
WantedBy=multi-user.target
[Service]
Restart=always
RestartSec=5
EnvironmentFile=/etc/environment
EnvironmentFile=-${EXTRA_ARGS_FILE}
ExecStart=/opt/bin/kubelet \\
    --bootstrap-kubeconfig=/var/lib/kubelet/kubeconfig-bootstrap \\
    --config=/var/lib/kubelet/config/kubelet \\
    --kubeconfig=/var/lib/kubelet/kubeconfig-real \\
    --hostname-override=${name} \\
    --runtime-cgroups=/system.slice/containerd.service \\
    --v=2 $KUBELET_EXTRA_ARGS
`),
    '/etc/environment': file(
      'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin"\n',
    ),
    '/var/lib/kubelet/config/kubelet': file(config),
    '/var/lib/kubelet/kubeconfig-real': secret(kubeconfig),
  }),
});

/** The wrapper enters a mount namespace on a real node; here it only counts how often it is run. */
const OPENSHIFT = nodeKind({
  title: 'OpenShift',
  target: { kind: 'config-dir', path: `${OPENSHIFT_DIR}/${OWN_CONFIG}` },
  files: ({ name, address, kubeconfig, config }) => ({
    [UNIT_FILE]: file(`[Unit]
Description=The kubelet of an OpenShift worker
Wants=network-online.target
Requires=containerd.service
After=network-online.target containerd.service

[Service]
Type=notify
ExecStartPre=/bin/mkdir --parents /etc/kubernetes/manifests
ExecStartPre=/bin/mkdir --parents ${OPENSHIFT_DIR}
ExecStartPre=/bin/rm -f /var/lib/kubelet/cpu_manager_state
ExecStartPre=/bin/rm -f /var/lib/kubelet/memory_manager_state
EnvironmentFile=${OS_RELEASE}
EnvironmentFile=-/etc/kubernetes/kubelet-workaround
EnvironmentFile=-/etc/kubernetes/kubelet-env
EnvironmentFile=/etc/node-sizing.env
ExecStart=${WRAPPER} \\
    /usr/bin/kubelet \\
      --config=/etc/kubernetes/kubelet.conf \\
      --config-dir=${OPENSHIFT_DIR} \\
      --bootstrap-kubeconfig=/etc/kubernetes/kubeconfig \\
      --kubeconfig=/var/lib/kubelet/kubeconfig \\
      --runtime-cgroups=/system.slice/containerd.service \\
      --node-labels=node.openshift.io/os_id=\${ID} \\
      --node-ip=\${KUBELET_NODE_IP} \\
      --hostname-override=\${KUBELET_NODE_NAME} \\
      --volume-plugin-dir=/etc/kubernetes/kubelet-plugins/volume/exec \\
      --v=\${KUBELET_LOG_LEVEL}
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`),
    [WRAPPER]: script(`#!/bin/bash\nset -eu\necho "$*" >>${WRAPPER_RUNS}\nexec "$@"\n`),
    [`${DROP_INS}/20-logging.conf`]: file('[Service]\nEnvironment="KUBELET_LOG_LEVEL=2"\n'),
    [`${DROP_INS}/20-nodenet.conf`]: file(
      `[Service]\nEnvironment="KUBELET_NODE_IP=${address}" "KUBELET_NODE_IPS=${address}"\nEnvironment="KUBELET_NODE_NAME=${name}"\n`,
    ),
    '/etc/node-sizing.env': file('SYSTEM_RESERVED_MEMORY=64Mi\nSYSTEM_RESERVED_CPU=50m\n'),
    '/etc/kubernetes/kubelet.conf': file(config),
    '/var/lib/kubelet/kubeconfig': secret(kubeconfig),
    [`${OPENSHIFT_DIR}/20-auto-sizing.conf`]: file(
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nsystemReserved:\n  memory: 64Mi\n',
    ),
  }),
});

export const INSTALLER_KINDS = { KUBESPRAY, AKS, AKS_SCRIPT, GARDENER, OPENSHIFT } as const;
