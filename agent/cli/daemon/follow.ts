// Passes the Node and the ConfigMap from the API server to the agent.

import type { WatchedCluster } from '../../cluster/api/agent-api.ts';
import type { Agent } from '../../node/agent.ts';
import type { AgentLog } from '../../report/log.ts';

/** Watches this Node and the policy's ConfigMap until the returned function is called. */
export function followCluster(
  cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap'>,
  agent: Pick<Agent, 'setNode' | 'setConfigMap' | 'hostChanged'>,
  log: Pick<AgentLog, 'warn'>,
): () => void {
  const listeners = {
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; retrying'),
    // After an outage the watches may bring nothing new, but the agent may still have a state to report.
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
