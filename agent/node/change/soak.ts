// Watches a verified kubelet for the soak time, for faults that appear late.

import type { Clock, Cluster, Health, PodsWatch, Processes, SeenPod, Systemd, UnitStatus } from '../ports.ts';
import { endedBecause, type Fault, type VerifyRequest, runsStill } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';

export interface SoakPorts {
  readonly systemd: Systemd;
  readonly processes: Processes;
  readonly health: Health;
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

export interface SoakRequest {
  /** The verified kubelet. */
  readonly started: UnitStatus;
  /** An instant shortly before it was started. */
  readonly before: Date;
  readonly healthz: VerifyRequest['healthz'];
  readonly seconds: number;
  /** undefined: pods are not watched. */
  readonly pods: FollowedPods | undefined;
}

export interface FollowedPods {
  /** Started before the kubelet. */
  readonly watch: PodsWatch;
  /** UIDs of the pods that the restart ends as planned. */
  readonly ended: ReadonlySet<string>;
}

const INTERVAL_MS = 1000;
const HEALTHZ_TIMEOUT_MS = 2000;
/** Missed healthz answers in a row that count as a fault: a kubelet under load may miss one. */
const MISSES = 3;
const MOST_NAMED = 5;

/** Resolves with undefined when the time is over, or with the fault as soon as there is one. */
export async function soak(ports: SoakPorts, request: SoakRequest): Promise<Fault | undefined> {
  const { started, before } = request;
  const fault = await monitorHealth(ports, request);
  if (fault !== undefined) {
    return { why: fault, ended: undefined };
  }
  const notReady = (await runsStill(ports, started))
    ? await checkNodeReady(ports, started, before)
    : undefined;
  // Another process than the one that was proven may have reported the node.
  if (!(await runsStill(ports, started))) {
    return { why: await endedBecause(ports, started, 'did not keep running'), ended: started };
  }
  return notReady === undefined ? undefined : { why: notReady, ended: undefined };
}

/** Resolves with undefined when the time is over or the process has ended. */
async function monitorHealth(
  ports: SoakPorts,
  { started, healthz, seconds, pods }: SoakRequest,
): Promise<string | undefined> {
  const end = ports.clock.monotonicMs() + seconds * 1000;
  for (let misses = 0; ;) {
    if (!(await runsStill(ports, started))) {
      return undefined;
    }
    const answers =
      healthz === undefined || (await ports.health.ok(healthz.address, healthz.port, HEALTHZ_TIMEOUT_MS));
    misses = answers ? 0 : misses + 1;
    if (misses === MISSES) {
      return endedBecause(ports, started, 'stopped being healthy');
    }
    const left = end - ports.clock.monotonicMs();
    if (left <= 0 && misses === 0) {
      return undefined;
    }
    const waitMs = Math.min(INTERVAL_MS, Math.max(left, INTERVAL_MS / 10));
    if (pods === undefined) {
      await ports.clock.sleep(waitMs);
      continue;
    }
    const refused = await refusedWithin(waitMs, pods);
    if (refused.length > 0) {
      return refusalText(refused);
    }
  }
}

function refusedWithin(waitMs: number, { watch, ended }: FollowedPods): Promise<readonly SeenPod[]> {
  return watch.found((pod) => isRefused(pod) && !ended.has(pod.uid), waitMs);
}

function refusalText(lost: readonly SeenPod[]): string {
  const named = lost
    .slice(0, MOST_NAMED)
    .map(({ namespace, name, reason }) => `${namespace}/${name}${reason === '' ? '' : ` (${reason})`}`);
  const more = lost.length - named.length;
  return (
    `the new kubelet refused ${lost.length === 1 ? 'a pod that ran' : `${lost.length} pods that ran`}: ` +
    `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}; kubectl describe pod says why`
  );
}

/** Reasons with which a kubelet or a controller fails a pod that it had admitted. */
const OTHER_REASONS = new Set([
  '',
  'Evicted',
  'DeadlineExceeded',
  'Preempting',
  'Terminated',
  'NodeShutdown',
  'NodeLost',
]);

/**
 * True for a pod that ran and that the kubelet refused at its start. Until the kubelet has stopped the pod's containers, the API server
 * shows the pod in its old phase, without a reason and without containers; then as Failed with the reason of the admission, or as
 * Succeeded when they exited with 0 (kubernetes pkg/kubelet/kubelet.go, rejectPod; pkg/kubelet/status/status_manager.go, mergePodStatus).
 */
function isRefused({ isEnding, phase, reason, hasContainers, hadContainers }: SeenPod): boolean {
  return hadContainers && !isEnding && (phase === 'Failed' ? !OTHER_REASONS.has(reason) : !hasContainers);
}
