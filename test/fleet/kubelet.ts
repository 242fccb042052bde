// The part of a kubelet that the API server sees: it renews its node's lease.

import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../agent/cluster/fields.ts';
import { isObject } from '../../agent/cluster/fields.ts';
import type { Admin } from './admin.ts';
import { leaseObject, microTime } from './objects.ts';

export interface Kubelet {
  /** Resolves when a kubelet that was told to restart answers healthz again. */
  restarted(): Promise<void>;
  stop(): void;
}

/**
 * What a restart by hand takes on the bed's real nodes, to the new healthz: README's Figures, `npm run bench`, median of nine rounds
 * (347 ms), without the write of the file.
 */
const RESTART_MS = 340;
/** A kubelet renews its lease some 20 to 50 ms after it answers healthz (agent/node/prove.ts). */
const LEASE_AFTER_MS = 35;
/** Every 10 s, and up to 4 % later (pkg/kubelet/kubelet.go, leaseDurationSeconds 40 × 0.25; component-helpers lease controller). */
const RENEW_MS = 10_000;
const JITTER = 0.04;
/**
 * 5,000 kubelets renew 500 leases a second, which takes a whole core of a small machine's API server, and none of it is ours. Only
 * what follows a restart is needed here, and always done.
 */
const MOST_RENEWALS_A_SECOND = 50;

export interface KubeletOptions {
  readonly admin: Admin;
  readonly node: string;
  /** How many nodes the fleet has. */
  readonly fleet: number;
  /** Hears what the API server would not take. */
  readonly onError: (error: unknown) => void;
}

/** How long a node of so large a fleet waits between two renewals, in ms. */
export function renewalMs(fleet: number): number {
  return Math.max(RENEW_MS, (fleet / MOST_RENEWALS_A_SECOND) * 1000);
}

/** Makes the lease and renews it until stopped. */
export async function startKubelet({ admin, node, fleet, onError }: KubeletOptions): Promise<Kubelet> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  let lease = await admin.send('POST', leases, leaseObject(node, new Date()));
  const pauseMs = renewalMs(fleet);
  let timer = setTimeout(renew, Math.random() * pauseMs);
  let writing = Promise.resolve();
  let stopped = false;

  function renewIn(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(renew, ms);
  }

  function renew(): void {
    renewIn(pauseMs * (1 + Math.random() * JITTER));
    writing = writing.then(put).catch(onError);
  }

  async function put(): Promise<void> {
    lease = await admin.send('PUT', `${leases}/${node}`, renewed(lease));
  }

  return {
    async restarted() {
      clearTimeout(timer);
      await sleep(RESTART_MS);
      renewIn(LEASE_AFTER_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function renewed(lease: JsonObject): JsonObject {
  const spec = isObject(lease['spec']) ? lease['spec'] : {};
  return { ...lease, spec: { ...spec, renewTime: microTime(new Date()) } };
}
