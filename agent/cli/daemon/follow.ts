// What the API server says, brought to the agent.

import type { WatchedCluster } from '../../cluster/api/agent-api.ts';
import type { Agent } from '../../node/agent.ts';
import type { AgentLog } from '../../node/ports.ts';

/**
 * Follows this Node and the policy's ConfigMap until the returned function is called. An API server that is back may have
 * nothing new to say, but the agent may have, and a look tells it.
 */
export function followCluster(
  cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap'>,
  agent: Pick<Agent, 'setNode' | 'setConfigMap' | 'hostChanged'>,
  log: Pick<AgentLog, 'warn'>,
): () => void {
  const listeners = {
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; trying again'),
    onRecovered: () => agent.hostChanged(),
  };
  const watches = [
    cluster.watchNode((node) => agent.setNode(node), listeners),
    cluster.watchConfigMap((configMap) => agent.setConfigMap(configMap), listeners),
  ];
  return () => {
    for (const watch of watches) {
      watch.stop();
    }
  };
}
