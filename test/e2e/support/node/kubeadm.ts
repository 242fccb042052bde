// A real `kubeadm join` of a node of the bed.

import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { BedNode } from '../../../../scripts/bed/bed.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../../../../scripts/bed/build/kubernetes.ts';
import type { Log } from '../../../../scripts/bed/util/progress.ts';
import type { World } from '../../../../scripts/node/world.ts';

const API = 'kubeadm.k8s.io/v1beta4';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const KUBEADM_FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const AUTHORITY = '/etc/kubernetes/pki/ca.crt';
const JOIN_CONFIG = '/root/join.yaml';
const DISCOVERY = '/root/discovery.conf';

/** Where those that join read what `kubeadm init` left: namespace and name of ConfigMaps. */
const CLUSTER = ['kube-system', 'kubeadm-config'] as const;
const KUBELETS = ['kube-system', 'kubelet-config'] as const;
const INFO = ['kube-public', 'cluster-info'] as const;

/**
 * Resets the node to before kubeadm: no Node, no running kubelet, none of kubeadm's files except the kubelet's credentials,
 * since the bed does not sign new ones. Writes what `kubeadm init` leaves in a cluster for joining nodes.
 */
export async function leave({ bed }: World, node: BedNode): Promise<void> {
  await node.exec(['systemctl', 'stop', 'kubelet']);
  await bed.kubectl(['delete', 'node', node.name]);
  const kubelet = String(await node.files.read(KUBELET_CONFIG));
  await node.exec(['rm', KUBELET_CONFIG, KUBEADM_FLAGS, AUTHORITY]);
  const cluster = {
    apiVersion: API,
    kind: 'ClusterConfiguration',
    kubernetesVersion: `v${DEFAULT_KUBERNETES_VERSION}`,
    controlPlaneEndpoint: new URL(bed.server).host,
  };
  const items = [
    configMap(CLUSTER, { ClusterConfiguration: stringify(cluster) }),
    configMap(KUBELETS, { kubelet }),
    configMap(INFO, { kubeconfig: await readFile(bed.kubeconfig, 'utf8') }),
  ];
  await bed.kubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

/** Takes away what `leave` wrote into the cluster. */
export async function forgetKubeadm({ bed }: World): Promise<void> {
  for (const [namespace, name] of [CLUSTER, KUBELETS, INFO])
    await bed.kubectl(['-n', namespace, 'delete', 'configmap', name, '--ignore-not-found']);
}

/** Joins a node that has left; `registration` is a person's `nodeRegistration`. Resolves with what kubeadm wrote for the kubelet. */
export async function joinByKubeadm(
  { bed }: World,
  node: BedNode,
  registration: Readonly<Record<string, unknown>>,
  log: Log,
): Promise<string> {
  const config = {
    apiVersion: API,
    kind: 'JoinConfiguration',
    discovery: { file: { kubeConfigPath: DISCOVERY } },
    nodeRegistration: {
      name: node.name,
      kubeletExtraArgs: [{ name: 'node-ip', value: node.address }],
      ...registration,
    },
  };
  const kubeadm = await kubernetesBinary('kubeadm', DEFAULT_KUBERNETES_VERSION, log);
  await node.files.copyIn(kubeadm, '/usr/bin/kubeadm', 0o755);
  await node.files.copyIn(bed.kubeconfig, DISCOVERY);
  await node.files.write(JOIN_CONFIG, stringify(config));
  // The credentials are there already, and the bed has cgroups v1.
  await node.exec(['kubeadm', 'join', '--config', JOIN_CONFIG, '--ignore-preflight-errors=all']);
  return String(await node.files.read(KUBEADM_FLAGS));
}

function configMap(
  [namespace, name]: readonly [string, string],
  data: Readonly<Record<string, string>>,
): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}
