// The bed that setup.ts made, as tests reach it.

import { inject } from 'vitest';
import { type Bed, openBed } from '../../../scripts/bed/bed.ts';
import { type Cluster, connect } from '../../../scripts/kubernetes/cluster.ts';
import type { World } from '../../../scripts/node/world.ts';

/** Returns the tier's bed; throws when it was removed. */
export async function e2eBed(): Promise<Bed> {
  const name = inject('e2eBed');
  const bed = await openBed(name);
  if (bed === undefined) throw new Error(`Expected the bed ${name} to be up, but it is gone.`);
  return bed;
}

/** Returns an administrator's client of its API server. */
export async function e2eCluster(): Promise<Cluster> {
  return connect({ kubeconfig: (await e2eBed()).kubeconfig });
}

/** Returns both. */
export async function e2eWorld(): Promise<World> {
  return { bed: await e2eBed(), cluster: await e2eCluster() };
}
