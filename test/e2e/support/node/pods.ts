// Users' pods that set a sysctl.

import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { until } from '../../../../scripts/bed/util/until.ts';
import { demoAppImage } from '../../../../scripts/bed/images/images.ts';
import { silent } from '../../../../scripts/bed/util/progress.ts';
import { ifThere, statusCode } from '../../../../scripts/kubernetes/cluster.ts';
import { type PodState, podState } from '../../../../scripts/kubernetes/pod-state.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import { waitFor, type Wait } from '../../../../scripts/node/wait.ts';

const namespace = 'e2e';

type Place = Pick<TestNode, 'name' | 'world'>;
/** A scheduler whose API server was away needs a minute to come back. */
const PACE = { timeoutMs: 120_000, everyMs: 250 };

export interface Sysctl {
  readonly name: string;
  readonly value: string;
}

export interface SysctlPod {
  readonly name: string;
  /** Running, or failed with the kubelet's reason; waits up to 2 min for one of both. */
  settled(): Promise<PodState>;
  now(): Promise<PodState>;
  /** Undefined once it is gone. Another value means that the pod was replaced or its container restarted. */
  life(): Promise<{ readonly uid: string; readonly restarts: number } | undefined>;
  /** What the pod itself finds under /proc/sys. */
  valueOf(sysctl: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a pod that sets one sysctl on one node, now or when that joins; with `label`, on that node while it has the label. */
export async function sysctlPod(node: Place, sysctl: Sysctl, label?: string): Promise<SysctlPod> {
  const { core } = node.world.cluster;
  await ensureNamespace(node);
  const { reference } = await demoAppImage(silent);
  const name = `sysctl-${node.name}-${Math.random().toString(36).slice(2, 8)}`;
  await admitted(() =>
    core.createNamespacedPod({
      namespace,
      body: podOf(name, reference, sysctl, {
        'kubernetes.io/hostname': node.name,
        ...(label !== undefined && { [label]: '' }),
      }),
    }),
  );
  const now = async (): Promise<PodState> => {
    const pod = await ifThere(core.readNamespacedPod({ namespace, name }));
    return pod === undefined ? { kind: 'failed', reason: 'Gone', message: 'it was deleted' } : podState(pod);
  };
  return {
    name,
    now,
    life: async () => {
      const pod = await ifThere(core.readNamespacedPod({ namespace, name }));
      const [container] = pod?.status?.containerStatuses ?? [];
      return pod && { uid: pod.metadata?.uid ?? '', restarts: container?.restartCount ?? 0 };
    },
    settled: async () => {
      const timeoutMs = PACE.timeoutMs * node.world.bed.node(node.name).slowness;
      await until(async () => (await now()).kind !== 'waiting', { ...PACE, timeoutMs });
      return now();
    },
    // A kubelet that was restarted a moment ago does not know its pods yet.
    valueOf: (of) =>
      waitFor(node.world, node.world.bed.node(node.name), reading(of, name), async () => {
        const read = ['exec', name, '--', 'cat', `/proc/sys/${of.replaceAll('.', '/')}`];
        const { slowness } = node.world.bed.node(node.name);
        const options = { reject: false, timeoutMs: 15_000 * slowness };
        const { stdout, exitCode } = await node.world.bed.kubectl(['-n', namespace, ...read], options);
        return exitCode === 0 ? stdout : undefined;
      }),
    remove: async () => {
      await ifThere(core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }));
    },
  };
}

function reading(sysctl: string, pod: string): Wait {
  return { what: `read ${sysctl} in the pod ${pod}`, timeoutMs: 15_000 };
}

function podOf(
  name: string,
  image: string,
  sysctl: Sysctl,
  nodeSelector: Readonly<Record<string, string>>,
): V1Pod {
  return {
    metadata: { name, namespace },
    spec: {
      nodeSelector: { ...nodeSelector },
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { sysctls: [{ ...sysctl }] },
      containers: [{ name: 'app', image, imagePullPolicy: 'IfNotPresent', command: ['sleep', 'infinity'] }],
    },
  };
}

async function ensureNamespace({ world }: Place): Promise<void> {
  try {
    await world.cluster.core.createNamespace({ body: { metadata: { name: namespace } } });
  } catch (error) {
    if (statusCode(error) !== 409) throw error;
  }
}

/** A new namespace gets its ServiceAccount a moment later; no pod is admitted before. */
async function admitted(create: () => Promise<unknown>): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      await create();
      return;
    } catch (error) {
      const early = statusCode(error) === 403 && String(error).includes('serviceaccount');
      if (!early || tries === 0) throw error;
      await sleep(100);
    }
  }
}
