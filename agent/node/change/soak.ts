// Watches a verified kubelet for the soak time, for faults that appear late.

import type { Clock, Cluster, Health, PodsWatch, Processes, SeenPod, Systemd, UnitStatus } from '../ports.ts';
import { endedBecause, type Fault, type VerifyRequest, runsStill } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';
import { isForSysctls, isRefused, lostText, refusalText } from './refused-pods.ts';

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
  /** UIDs of the pods with sysctls when the change removes allowances; empty when it only adds some. */
  readonly atStake: ReadonlySet<string>;
}

const INTERVAL_MS = 1000;
const HEALTHZ_TIMEOUT_MS = 2000;
/** Missed healthz answers in a row that count as a fault: a kubelet under load may miss one. */
const MISSES = 3;

export type Soaked =
  /** `note`: the pods that the restarted kubelet refused for reasons of their own; undefined: none. */
  { readonly ok: true; readonly note: string | undefined } | ({ readonly ok: false } & Fault);

/** Resolves when the time is over, or with the fault as soon as there is one. */
export async function soak(ports: SoakPorts, request: SoakRequest): Promise<Soaked> {
  const { started, before } = request;
  const lost = new Map<string, SeenPod>();
  const fault = await monitorHealth(ports, request, lost);
  if (fault !== undefined) {
    return { ok: false, why: fault, ended: undefined };
  }
  const notReady = (await runsStill(ports, started))
    ? await checkNodeReady(ports, started, before)
    : undefined;
  // Another process than the one that was proven may have reported the node.
  if (!(await runsStill(ports, started))) {
    return { ok: false, why: await endedBecause(ports, started, 'did not keep running'), ended: started };
  }
  return notReady === undefined
    ? { ok: true, note: lostText([...lost.values()]) }
    : { ok: false, why: notReady, ended: undefined };
}

/** Resolves with undefined when the time is over or the process has ended. Adds the pods that do not count against the change to `lost`. */
async function monitorHealth(
  ports: SoakPorts,
  { started, healthz, seconds, pods }: SoakRequest,
  lost: Map<string, SeenPod>,
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
    const refused = await refusedWithin(waitMs, pods, lost);
    const forSysctls = refused.filter((pod) => isForSysctls(pod, pods));
    if (forSysctls.length > 0) {
      return refusalText(forSysctls);
    }
    refused.forEach((pod) => lost.set(pod.uid, pod));
  }
}

/** The refused pods that are not in `lost` yet, or whose reason became known. */
function refusedWithin(
  waitMs: number,
  { watch, ended }: FollowedPods,
  lost: ReadonlyMap<string, SeenPod>,
): Promise<readonly SeenPod[]> {
  return watch.found(
    (pod) => isRefused(pod) && !ended.has(pod.uid) && lost.get(pod.uid)?.reason !== pod.reason,
    waitMs,
  );
}
