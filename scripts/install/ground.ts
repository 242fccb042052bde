// Where the demo is played, and what it may do there.

import type { Outcome, RunOptions } from '../bed/build/run.ts';
import type { Cluster } from '../kubernetes/cluster.ts';

export type Kubectl = (args: readonly string[], options?: RunOptions) => Promise<Outcome>;

export interface Ground {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly agentImage: AgentImage;
  readonly appImage: string;
  /** A cluster of the demo's own, which it may set back to the beginning. */
  readonly own: boolean;
  /** The line that the agent edits, as it stands in a node's file; absent where the demo may not look into nodes. */
  readonly kubeletLine?: (node: string) => Promise<string>;
}

export interface AgentImage {
  readonly reference: string;
  /** Changes with the image's content; absent where only the reference is known. */
  readonly stamp?: string;
}
