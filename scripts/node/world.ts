// A bed and a client of its API server.

import type { Bed } from '../bed/bed.ts';
import type { Cluster } from '../kubernetes/cluster.ts';

export interface World {
  readonly bed: Bed;
  readonly cluster: Cluster;
}
