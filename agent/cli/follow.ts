// What the API server says, brought to the agent.

import type { WatchedCluster } from '../cluster/cluster.ts';
import type { Agent } from '../node/agent.ts';
import type { AgentLog } from '../node/ports.ts';

/** Follows this Node and the policy's ConfigMap until the returned function is called. */
export function followCluster(
  cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap'>,
  agent: Pick<Agent, 'setNode' | 'setConfigMap'>,
  log: Pick<AgentLog, 'warn'>,
): () => void {
  const onError = (error: unknown): void =>
    log.warn({ err: error }, 'The API server did not answer; trying again');
  const watches = [
    cluster.watchNode((node) => agent.setNode(node), onError),
    cluster.watchConfigMap((configMap) => agent.setConfigMap(configMap), onError),
  ];
  return () => {
    for (const watch of watches) {
      watch.stop();
    }
  };
}
