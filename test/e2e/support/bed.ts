// The bed that setup.ts made for this worker, as tests reach it.

import { inject } from 'vitest';
import type { ProvidedBed } from '../setup.ts';
import { type Bed, openBed } from '../../../scripts/bed/bed.ts';
import { type Cluster, connect } from '../../../scripts/kubernetes/cluster.ts';
import type { World } from '../../../scripts/node/world.ts';

/** Returns what setup.ts provides about this worker's bed. */
export function providedBed(): ProvidedBed {
  const worker = Number(process.env['VITEST_POOL_ID']);
  const provided = inject('e2eBeds')[worker - 1];
  if (provided === undefined) throw new Error(`Expected a bed for vitest's worker ${worker}, got none.`);
  return provided;
}

/** Returns this worker's bed; throws when it was removed. */
export async function e2eBed(): Promise<Bed> {
  const { name } = providedBed();
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
