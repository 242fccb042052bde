// The cluster that the demo runs on, and what it may do there.

import { basename, dirname } from 'node:path';
import type { Outcome, RunOptions } from '../bed/build/run.ts';
import type { Image } from '../bed/images/images.ts';
import type { Cluster } from '../kubernetes/cluster.ts';

export type Kubectl = (args: readonly string[], options?: RunOptions) => Promise<Outcome>;

export interface Ground {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly agentImage: AgentImage;
  readonly appImage: string;
  /** The demo owns the cluster, and may reset its policy. */
  readonly own: boolean;
  /** Returns the line in a node's file that the agent edits; absent where the demo cannot read files of nodes. */
  readonly kubeletLine?: (node: string) => Promise<string>;
}

export interface AgentImage {
  readonly reference: string;
  /** Changes with the image's content; absent where only the reference is known. */
  readonly stamp?: string;
}

/** Returns the image with a stamp: the cache names the folder of its archive after a hash of its inputs. */
export function agentImageOf({ reference, archive }: Image): AgentImage {
  return { reference, stamp: basename(dirname(archive)) };
}
