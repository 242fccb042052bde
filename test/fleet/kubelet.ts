// The part of a kubelet that the API server sees: it renews its node's lease.

import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../agent/cluster/fields.ts';
import { isObject } from '../../agent/cluster/fields.ts';
import { type Admin, AdminError } from './admin.ts';
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

/** Makes the lease and renews it until stopped; `onError` hears what the API server would not take. */
export async function startKubelet(
  admin: Admin,
  node: string,
  onError: (error: unknown) => void,
): Promise<Kubelet> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  let lease = await admin.send('POST', leases, leaseObject(node, new Date()));
  let timer = setTimeout(renew, Math.random() * RENEW_MS);
  let stopped = false;

  function renewIn(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(renew, ms);
  }

  function renew(): void {
    renewIn(RENEW_MS * (1 + Math.random() * JITTER));
    put().catch(onError);
  }

  async function put(): Promise<void> {
    const path = `${leases}/${node}`;
    try {
      lease = await admin.send('PUT', path, renewed(lease));
    } catch (error) {
      if (!(error instanceof AdminError) || error.status !== 409) throw error;
      lease = await admin.send('PUT', path, renewed(await admin.send('GET', path)));
    }
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
