// Passes the Node, the ConfigMap and refused pods from the API server to the agent.

import type { WatchedCluster } from '../../cluster/api/agent-api.ts';
import type { Agent } from '../../node/agent.ts';
import type { RefusalEvents } from '../../node/report/refusal-events.ts';
import type { AgentLog } from '../../report/log.ts';

/** Watches this Node, the policy's ConfigMap and the node's refused pods until the returned function is called. */
export function followCluster(
  cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap' | 'watchRefusedPods'>,
  agent: Pick<Agent, 'setNode' | 'setConfigMap' | 'hostChanged'>,
  refusals: RefusalEvents,
  log: Pick<AgentLog, 'warn'>,
): () => void {
  const listeners = {
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; retrying'),
    // After an outage the watches may bring nothing new, but the agent may still have a state to report.
    onRecovered: () => agent.hostChanged(),
  };
  const watches = [
    cluster.watchNode((node) => {
      agent.setNode(node);
      refusals.setNode(node);
    }, listeners),
    cluster.watchConfigMap((configMap) => {
      agent.setConfigMap(configMap);
      refusals.setConfigMap(configMap);
    }, listeners),
    cluster.watchRefusedPods((pod) => refusals.refused(pod)),
  ];
  return () => {
    for (const watch of watches) {
      watch.stop();
    }
  };
}
