// Nodes as bug reports carry them: what systemctl shows of the kubelet's unit, and the unit's files. Each unit is as its vendor
// or the field case has it, cut to what decides the kubelet's arguments.

import { systemctlShow, type UnitProperties } from '../../kubelet/shown-units.ts';

export interface ShownNode {
  readonly show: string;
  /** By their paths on the node. */
  readonly files: Readonly<Record<string, string>>;
}

const KUBEADM_DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';
const KUBEADM_FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const CONFIG = '/var/lib/kubelet/config.yaml';
const KUBEADM_FILES = {
  [KUBEADM_FLAGS]:
    'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock"\n',
  [CONFIG]: 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
};
const KUBEADM: UnitProperties = {
  execStart: [
    '/usr/bin/kubelet',
    '$KUBELET_KUBECONFIG_ARGS',
    '$KUBELET_CONFIG_ARGS',
    '$KUBELET_KUBEADM_ARGS',
    '$KUBELET_EXTRA_ARGS',
  ],
  environment: [
    'KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf',
    `KUBELET_CONFIG_ARGS=--config=${CONFIG}`,
  ],
  environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/default/kubelet'],
  dropInPaths: [KUBEADM_DROP_IN],
};

/** kubeadm's node with other properties of its unit, and other files. */
export function kubeadmNode(
  properties: Partial<UnitProperties>,
  files: Readonly<Record<string, string>>,
): ShownNode {
  return { show: systemctlShow({ ...KUBEADM, ...properties }), files: { ...KUBEADM_FILES, ...files } };
}

/** EKS AL2023 as nodeadm configures it. */
function eksNode(args: string, files: Readonly<Record<string, string>>): ShownNode {
  return {
    show: systemctlShow({
      execStart: ['/usr/bin/kubelet', '$NODEADM_KUBELET_ARGS'],
      environmentFiles: ['/etc/eks/kubelet/environment'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: {
      '/etc/eks/kubelet/environment': `NODEADM_KUBELET_ARGS="--config=/etc/kubernetes/kubelet/config.json${args}"\n`,
      '/etc/kubernetes/kubelet/config.json':
        '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}',
      ...files,
    },
  };
}

export const NODES = {
  kubeadmDeb: kubeadmNode({}, { '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=\n' }),
  kubeadmRpm: kubeadmNode(
    { environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/sysconfig/kubelet'] },
    { '/etc/sysconfig/kubelet': 'KUBELET_EXTRA_ARGS=\n' },
  ),
  kind: kubeadmNode(
    {
      execStart: [
        '/usr/bin/kubelet',
        '$KUBELET_KUBECONFIG_ARGS',
        '$KUBELET_CONFIG_ARGS',
        '$KUBELET_EXTRA_ARGS',
        '$KUBELET_KUBEADM_ARGS',
        '--runtime-cgroups=/system.slice/containerd.service',
      ],
    },
    { '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=--runtime-cgroups=/system.slice/containerd.service' },
  ),
  /** F01: KubeOne's http-proxy.conf adds a file that all services share. */
  sharedFile: kubeadmNode(
    {
      environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/default/kubelet', '/etc/environment'],
      dropInPaths: [KUBEADM_DROP_IN, '/etc/systemd/system/kubelet.service.d/http-proxy.conf'],
    },
    { '/etc/environment': 'PATH="/usr/sbin:/usr/bin"\nHTTP_PROXY="http://10.0.0.1:3128"#kubeone\n' },
  ),
  /** Gardener's node agent writes the unit; the second file is an administrator's. */
  gardener: {
    show: systemctlShow({
      execStart: ['/opt/bin/kubelet', `--config=${CONFIG}`, '--v=2', '$KUBELET_EXTRA_ARGS'],
      environmentFiles: ['/etc/environment', '-/var/lib/kubelet/extra_args'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: { ...KUBEADM_FILES, '/etc/environment': 'PATH="/usr/sbin:/usr/bin"\n' },
  },
  /** image-builder's images name both usual files. Debian has no folder /etc/sysconfig. */
  imageBuilder: kubeadmNode(
    { environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/sysconfig/kubelet', '-/etc/default/kubelet'] },
    { '/etc/default/grub': '' },
  ),
  imageBuilderRpm: kubeadmNode(
    { environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/sysconfig/kubelet', '-/etc/default/kubelet'] },
    { '/etc/sysconfig/network': '', '/etc/default/grub': '' },
  ),
  eksHybrid: {
    show: systemctlShow({
      execStart: ['/usr/bin/kubelet', '$NODEADM_KUBELET_ARGS', '$KUBELET_EXTRA_ARGS'],
      environmentFiles: ['/etc/eks/kubelet/environment'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: { '/etc/eks/kubelet/environment': 'NODEADM_KUBELET_ARGS="--v=2"\n' },
  },
  flatcar: kubeadmNode({ environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/sysconfig/kubelet'] }, {}),
  /** F25: the comment is part of the path. */
  comment: kubeadmNode(
    { environmentFiles: [`-${KUBEADM_FLAGS}`, '-/etc/sysconfig/kubelet\t\t\t# may go'] },
    {},
  ),
  /** The file is made at each start. */
  generated: kubeadmNode(
    {
      startPre: [
        ['/bin/sh', '-c', 'echo KUBELET_EXTRA_ARGS=--node-ip=$(hostname -i) > /etc/default/kubelet'],
      ],
    },
    { '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11\n' },
  ),
  /** F17: a script that edits the file. */
  edited: kubeadmNode(
    {
      startPre: [
        ['/bin/mkdir', '-p', '/etc/kubernetes/manifests'],
        ['/usr/local/sbin/sanitize_kubelet_reserved_cpus.sh', '/etc/default/kubelet'],
      ],
    },
    { '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=--reserved-cpus="0-29"\n' },
  ),
  /** F05: KubeKey gives the variable by Environment=, and a file that is not there would replace it. */
  carried: kubeadmNode(
    {
      environment: [
        ...(KUBEADM.environment ?? []),
        'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11 --hostname-override=node1',
      ],
    },
    {},
  ),
  /** F21: continuation lines within double quotes. */
  continued: kubeadmNode(
    {},
    {
      '/etc/default/kubelet':
        'KUBELET_EXTRA_ARGS="\\\n--cpu-manager-policy=static \\\n--feature-gates=TopologyManager=true  --v=2"\n',
    },
  ),
  /** F22: a shell's expression, which systemd does not run. */
  shell: kubeadmNode(
    {},
    { '/etc/default/kubelet': "KUBELET_EXTRA_ARGS=--node-ip=$(hostname -I | awk '{print $1}')\n" },
  ),
  /** F26: kubeadm's guide for etcd has a drop-in that starts the kubelet without variables. */
  etcdGuide: kubeadmNode(
    {
      execStart: ['/usr/bin/kubelet', '--config=/etc/systemd/system/kubelet.service.d/kubelet.conf'],
      dropInPaths: [KUBEADM_DROP_IN, '/etc/systemd/system/kubelet.service.d/20-etcd-service-manager.conf'],
    },
    { '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=\n' },
  ),
  /** F26 */
  kubespray: {
    show: systemctlShow({
      execStart: [
        '/usr/local/bin/kubelet',
        '$KUBE_LOGTOSTDERR',
        '$KUBE_LOG_LEVEL',
        '$KUBELET_API_SERVER',
        '$KUBELET_ADDRESS',
        '$KUBELET_PORT',
        '$KUBELET_HOSTNAME',
        '$KUBELET_ARGS',
        '$DOCKER_SOCKET',
        '$KUBELET_NETWORK_PLUGIN',
        '$KUBELET_VOLUME_PLUGIN',
        '$KUBELET_CLOUDPROVIDER',
      ],
      environmentFiles: ['-/etc/kubernetes/kubelet.env'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: {
      '/etc/kubernetes/kubelet.env':
        'KUBELET_ARGS="--config=/etc/kubernetes/kubelet-config.yaml \\\n--kubeconfig=/etc/kubernetes/kubelet.conf \\\n"\n',
    },
  },
  /** Its NodeConfig has `spec.kubelet.config`. */
  eks: eksNode(' --config-dir=/etc/kubernetes/kubelet/config.json.d', {
    '/etc/kubernetes/kubelet/config.json.d/40-nodeadm.conf':
      '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","allowedUnsafeSysctls":["kernel.sem"]}',
  }),
  eksWithoutConfigDir: eksNode('', {}),
  aks: {
    show: systemctlShow({
      execStart: [
        '/opt/bin/kubelet',
        '--enable-server',
        '--node-labels=${KUBELET_NODE_LABELS}',
        '$KUBELET_CONFIG_FILE_FLAGS',
        '$KUBELET_FLAGS',
      ],
      startPre: [['/bin/bash', '/opt/azure/containers/kubelet.sh']],
      environmentFiles: ['/etc/default/kubelet'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: {
      '/etc/default/kubelet':
        'KUBELET_FLAGS=--cluster-dns=10.0.0.10 --max-pods=110 \nKUBELET_NODE_LABELS=a=b\n',
    },
  },
  /** F11: the unit starts a script. */
  aksScript: {
    show: systemctlShow({
      execStart: ['/opt/azure/containers/start-kubelet.sh'],
      environmentFiles: ['/etc/default/kubelet'],
      fragmentPath: '/etc/systemd/system/kubelet.service',
    }),
    files: { '/etc/default/kubelet': 'KUBELET_FLAGS=--cluster-dns=10.0.0.10 --max-pods=110\n' },
  },
} as const satisfies Record<string, ShownNode>;
