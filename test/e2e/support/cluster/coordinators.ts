// The coordinator's two pods, and which of them leads.

import type { V1Pod } from '@kubernetes/client-node';
import { findContainer } from '../../../../scripts/bench/measure/container.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import type { World } from '../../../../scripts/node/world.ts';

const PODS = 'app.kubernetes.io/name=kubelet-sysctl-coordinator';
const LEASE = 'kubelet-sysctls-coordinator';
const REPLICAS = 2;
const READY_MS = 90_000;

export interface Coordinator {
  readonly pod: string;
  readonly node: string;
  /** Container id. */
  readonly id: string;
  readonly ready: boolean;
}

/** Resolves when both are Ready and one of them leads; throws with what there is when that takes longer than 90 s. */
export async function readyCoordinators(world: World): Promise<readonly Coordinator[]> {
  const found = async (): Promise<boolean> => {
    const [pods, holder] = await Promise.all([coordinators(world), leaseHolder(world)]);
    return pods.filter(({ ready }) => ready).length === REPLICAS && leads(pods, holder) !== undefined;
  };
  if (await until(found, { timeoutMs: READY_MS, everyMs: 250 })) return coordinators(world);
  const { stdout } = await world.bed.kubectl(['-n', AGENT_NAMESPACE, 'describe', 'pods', '-l', PODS]);
  throw new Error(
    `Expected ${REPLICAS} coordinators to be Ready and one to lead within ${READY_MS / 1000} s:\n${stdout}`,
  );
}

/** Returns the leader's identity, unique for each process; empty while there is no leader. */
export async function leaseHolder({ bed }: World): Promise<string> {
  const path = ['-o', 'jsonpath={.spec.holderIdentity}'];
  return (await bed.kubectl(['-n', AGENT_NAMESPACE, 'get', 'lease', LEASE, ...path], { reject: false }))
    .stdout;
}

/** Sends a signal to the leader's process; resolves with its identity. */
export async function signalLeader(
  world: World,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT',
): Promise<string> {
  const holder = await leaseHolder(world);
  const leader = leads(await coordinators(world), holder);
  if (leader === undefined) throw new Error(`Expected the pod of ${holder} to be there, it is not.`);
  const { pid } = await findContainer(leader.id, 'kubelet-sysctls.mjs');
  process.kill(pid, signal);
  return holder;
}

async function coordinators({ cluster }: World): Promise<readonly Coordinator[]> {
  const where = { namespace: AGENT_NAMESPACE, labelSelector: PODS };
  const { items } = await cluster.core.listNamespacedPod(where);
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).map(coordinatorIn);
}

function coordinatorIn({ metadata, spec, status }: V1Pod): Coordinator {
  const [container] = status?.containerStatuses ?? [];
  return {
    pod: metadata?.name ?? '',
    node: spec?.nodeName ?? '',
    id: container?.containerID?.split('//').at(-1) ?? '',
    ready: container?.ready ?? false,
  };
}

/** The identity begins with the pod's name. */
function leads(pods: readonly Coordinator[], holder: string): Coordinator | undefined {
  return pods.find(({ pod }) => holder.startsWith(`${pod}_`));
}
