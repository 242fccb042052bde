// The API objects of one simulated node, as a kubelet, a DaemonSet controller and a scheduler would have left them.

import { createHash } from 'node:crypto';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../kubernetes/names.ts';

/** Kubelet version that each simulated node reports. */
export const KUBELET = 'v1.37.2';
export const KERNEL = '6.1.0-18-amd64';
/** Number of waves in which a fleet can change without a coordinator. */
export const WAVES = 10;
export const WAVE_LABEL = 'fleet.example/wave';

const ZONES = ['a', 'b', 'c'];
/** A kubelet lists up to 50 images (nodeStatusMaxImages); with half of them a Node has about 8 kB, as in production. */
const IMAGE_COUNT = 25;
const MEBIBYTE = 1024 * 1024;
const IMAGES = Array.from({ length: IMAGE_COUNT }, (_, image) => ({
  names: [
    `registry.example/team-${image % 5}/service-${image}@sha256:${digest(`image ${image}`)}`,
    `registry.example/team-${image % 5}/service-${image}:1.${image}.0`,
  ],
  sizeBytes: (20 + image) * MEBIBYTE,
}));

/** Returns a Node; `index`, from 0, determines zone and wave. */
export function nodeObject(name: string, index: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': `zone-${ZONES[index % ZONES.length]}`,
        [WAVE_LABEL]: String(index % WAVES),
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    status: statusOf(index),
  };
}

/** Returns the agent's pod on the node: its token names the node, and the pod must survive the restart. */
export function agentPodObject(node: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: agentPodName(node),
      namespace: AGENT_NAMESPACE,
      labels: { 'app.kubernetes.io/name': AGENT_DAEMON_SET },
    },
    spec: {
      nodeName: node,
      serviceAccountName: AGENT_DAEMON_SET,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'agent', image: 'kubelet-sysctl-agent:0.1.0' }],
    },
  };
}

export function agentPodName(node: string): string {
  return `${AGENT_DAEMON_SET}-${node}`;
}

/** Returns the status of the running agent's pod, as a kubelet reports it. */
export function runningPodStatus(at: Date): object {
  const [image, startedAt] = ['kubelet-sysctl-agent:0.1.0', seconds(at)];
  const container = {
    name: 'agent',
    image,
    imageID: image,
    ready: true,
    restartCount: 0,
    state: { running: { startedAt } },
  };
  return { status: { phase: 'Running', startTime: startedAt, containerStatuses: [container] } };
}

/** Returns the status that a kubelet writes at its start for an unchanged node. */
export function reportedStatus(at: Date): object {
  return { status: { conditions: conditionsAt(seconds(at)) } };
}

function statusOf(index: number): object {
  const room = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return {
    capacity: room,
    allocatable: room,
    conditions: conditionsAt(LONG_AGO),
    addresses: [
      { type: 'InternalIP', address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}` },
    ],
    nodeInfo: {
      machineID: digest(`machine ${index}`).slice(0, 32),
      systemUUID: digest(`system ${index}`).slice(0, 32),
      bootID: digest(`boot ${index}`).slice(0, 32),
      kernelVersion: KERNEL,
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      containerRuntimeVersion: 'containerd://2.1.4',
      kubeletVersion: KUBELET,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
    images: IMAGES,
  };
}

const LONG_AGO = '2026-01-01T00:00:00Z';

function conditionsAt(heartbeat: string): object[] {
  const condition = (type: string, status: string, reason: string): object => ({
    type,
    status,
    reason,
    message: `kubelet says ${reason}`,
    lastHeartbeatTime: heartbeat,
    lastTransitionTime: LONG_AGO,
  });
  return [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    condition('Ready', 'True', 'KubeletReady'),
  ];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Formats a time without a fraction, as most times of the API. */
function seconds(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/u, 'Z');
}
