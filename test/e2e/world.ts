// Where the cases are played.

import type { Bed } from '../bed/bed.ts';
import type { Cluster } from '../tutorial/cluster.ts';
import { e2eBed, e2eCluster } from './bed.ts';

export interface World {
  readonly bed: Bed;
  readonly cluster: Cluster;
}

export async function e2eWorld(): Promise<World> {
  return { bed: await e2eBed(), cluster: await e2eCluster() };
}
