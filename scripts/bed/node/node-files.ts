// The files on a node's disk before its first boot, for every layout: those of kubeadm, the packages and a network add-on.

import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { API_PORT, API_SERVICE, machineAddress, nodeAddress, podNetwork } from '../network/addresses.ts';
import { KUBELET_SERVICE, layoutFiles } from './layouts.ts';
import type { MachineKind, NodeSpec } from './layouts.ts';

export interface NodePlan {
  readonly spec: NodeSpec;
  readonly slot: number;
  readonly index: number;
  /** The kubelet's version. */
  readonly version: string;
  readonly cgroupVersion: 1 | 2;
  readonly kubeconfig: string;
  readonly authority: string;
  /** The reference of the sandbox image that is loaded into the node. */
  readonly pause: string;
}

/** Writes everything below the node's root folder. */
export async function writeNodeFiles(root: string, plan: NodePlan): Promise<void> {
  const files = {
    ...systemFiles(plan),
    ...kubernetesFiles(plan),
    ...layoutFiles(plan.spec.layout),
    ...plan.spec.files,
  };
  for (const [path, content] of Object.entries(files)) await write(join(root, path), content);
  await chmod(join(root, PREPARE), 0o755);
  for (const folder of ['/var/log/journal', '/etc/kubernetes/manifests']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  for (const unit of ['kubelet.service', 'bed-prepare.service']) {
    await replaceLink(`/usr/lib/systemd/system/${unit}`, join(root, WANTS, unit));
  }
  // Units that only a machine with a screen, disks and a clock needs.
  for (const unit of UNNEEDED) await replaceLink('/dev/null', join(root, '/etc/systemd/system', unit));
}

const PREPARE = '/usr/local/lib/bed/prepare';
const WANTS = '/etc/systemd/system/multi-user.target.wants';
const UNNEEDED = [
  'console-getty.service getty.target systemd-logind.service modprobe@.service',
  'systemd-networkd.service systemd-resolved.service systemd-timesyncd.service',
  'apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service',
].flatMap((line) => line.split(' '));

function systemFiles({ spec, slot, index, pause }: NodePlan): Readonly<Record<string, string>> {
  const { machine = 'container' } = spec;
  return {
    ...(machine === 'vm' ? VM_FILES : {}),
    '/etc/hostname': `${spec.name}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n${nodeAddress(slot, index)} ${spec.name}\n`,
    '/etc/machine-id': `${randomUUID().replaceAll('-', '')}\n`,
    // The kubelet copies it into pods and starts none without it; no name server listens there.
    '/etc/resolv.conf': `nameserver ${machineAddress(slot)}\n`,
    '/etc/systemd/journald.conf.d/bed.conf': '[Journal]\nSystemMaxUse=64M\nRateLimitIntervalSec=0\n',
    '/etc/systemd/system.conf.d/bed.conf': '[Manager]\nDefaultTimeoutStopSec=15s\n',
    '/usr/lib/systemd/system/bed-prepare.service': prepareService(machine),
    [PREPARE]: prepareScript(slot, index, machine),
    // The official kubelet.service has no ordering after the runtime; a kubelet that starts first retries only after 10 s.
    '/etc/systemd/system/containerd.service.d/bed.conf': '[Unit]\nBefore=kubelet.service\n',
    '/etc/containerd/config.toml': containerdConfig(pause, spec),
    '/etc/crictl.yaml': `runtime-endpoint: ${RUNTIME}\n`,
    '/etc/cni/net.d/10-bed.conflist': `${JSON.stringify(podNetworkConfig(slot, index), undefined, 2)}\n`,
  };
}

function kubernetesFiles(plan: NodePlan): Readonly<Record<string, string>> {
  const address = nodeAddress(plan.slot, plan.index);
  return {
    '/usr/lib/systemd/system/kubelet.service': KUBELET_SERVICE,
    '/etc/kubernetes/kubelet.conf': plan.kubeconfig,
    '/etc/kubernetes/pki/ca.crt': plan.authority,
    '/var/lib/kubelet/kubeadm-flags.env': `KUBELET_KUBEADM_ARGS="--hostname-override=${plan.spec.name} --node-ip=${address}"\n`,
    '/var/lib/kubelet/config.yaml': stringify(kubeletConfig(plan)),
  };
}

const RUNTIME = 'unix:///run/containerd/containerd.sock';

function kubeletConfig({ spec, version, cgroupVersion }: NodePlan): Readonly<Record<string, unknown>> {
  const minor = Number(version.split('.')[1]);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: spec.machine === 'vm' ? 'systemd' : 'cgroupfs',
    containerRuntimeEndpoint: RUNTIME,
    // Older kubelets refuse a key that they do not know.
    ...(cgroupVersion === 1 && minor >= 31 ? { failCgroupV1: false } : {}),
    ...(spec.taints === undefined ? {} : { registerWithTaints: spec.taints }),
    failSwapOn: false,
    staticPodPath: '/etc/kubernetes/manifests',
    // The disk is the machine's: its usage must not trigger this node's garbage collection.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'imagefs.available': '1%',
    },
  };
}

/** Only for virtual machines. */
const VM_FILES = {
  '/etc/fstab': '/dev/nvme0n1 / ext4 defaults,noatime 0 1\n',
  // In an emulated machine beside other work, its network's device may come late.
  '/etc/systemd/system.conf.d/slow.conf':
    '[Manager]\nDefaultDeviceTimeoutSec=infinity\nDefaultTimeoutStartSec=600s\n',
  '/etc/modules-load.d/bed.conf': 'overlay\nbr_netfilter\nvirtio_net\n',
};

const SYSTEMD_CGROUPS = `  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
`;

function containerdConfig(pause: string, { machine, system }: NodeSpec): string {
  // Without restrict_oom_score_adj, runc fails where the machine itself lacks CAP_SYS_RESOURCE.
  return `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  enable_selinux = ${system === 'debian13-selinux'}
${machine === 'vm' ? SYSTEMD_CGROUPS : '  restrict_oom_score_adj = true\n'}  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`;
}

function podNetworkConfig(slot: number, index: number): unknown {
  return {
    cniVersion: '0.4.0',
    name: 'bed',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: podNetwork(slot, index) }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function prepareService(machine: MachineKind): string {
  return `[Unit]
Description=What a real machine's kernel, network and service proxy would have prepared
Before=network.target containerd.service kubelet.service
${machine === 'vm' ? AFTER_CABLE : ''}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${PREPARE}

[Install]
WantedBy=multi-user.target
`;
}

/** Its driver is loaded during the boot. */
const AFTER_CABLE = `BindsTo=sys-subsystem-net-devices-eth0.device
After=sys-subsystem-net-devices-eth0.device
`;

/** Returns the script that runs in the node at every boot. */
function prepareScript(slot: number, index: number, machine: MachineKind): string {
  const { address, port } = API_SERVICE;
  const toApi = `--destination ${address}/32 --protocol tcp --dport ${port} --jump DNAT --to-destination ${machineAddress(slot)}:${API_PORT}`;
  return `#!/bin/sh
set -eu
${machine === 'container' ? CONTAINER_PREPARES : ''}
ip link set lo up
ip address add ${nodeAddress(slot, index)}/24 dev eth0
ip link set eth0 up
ip route add default via ${machineAddress(slot)}
sysctl -qw net.ipv4.ip_forward=1

# In place of kube-proxy: redirects the API server's service address.
for chain in OUTPUT PREROUTING; do iptables --wait -t nat -A $chain ${toApi}; done
`;
}

const CONTAINER_PREPARES = `
# systemd-nspawn mounts these read-only; the kubelet and runc write to them.
mount -o remount,bind,rw /proc/sys
mount -o remount,rw /sys || true
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,bind,rw /sys/fs/cgroup
  for group in /sys/fs/cgroup/*; do
    if mountpoint -q "$group"; then mount -o remount,bind,rw "$group"; fi
  done
fi
[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
mount --make-rshared /
ip link set host0 name eth0
`;

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function replaceLink(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}
