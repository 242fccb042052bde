// Passes the Node, the ConfigMap and refused pods from the API server to the agent.

import type { WatchedCluster } from '../../cluster/api/agent-api.ts';
import type { Watch } from '../../cluster/watch/watch-loop.ts';
import type { Agent } from '../../node/agent.ts';
import type { RefusalEvents } from '../../node/report/refusal-events.ts';
import type { AgentLog } from '../../report/log.ts';
import type { Clock } from '../../time/clock.ts';

interface Ports {
  readonly cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap' | 'watchRefusedPods'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<AgentLog, 'warn'>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** An update of the DaemonSet starts many agents at once: what is not needed for their reports is spread over this time. */
const SPREAD_MS = 10_000;

/**
 * Watches this Node, the policy's ConfigMap and the node's refused pods until the returned function is called. Refused pods are watched
 * from up to 10 s after the Node is known: their Events name it, and can wait.
 */
export function followCluster(
  { cluster, clock, log, random }: Ports,
  agent: Pick<Agent, 'setNode' | 'setConfigMap' | 'hostChanged'>,
  refusals: RefusalEvents,
): () => void {
  const listeners = {
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; retrying'),
    // After an outage the watches may bring nothing new, but the agent may still have a state to report.
    onRecovered: () => agent.hostChanged(),
  };
  let cancelSpread: (() => void) | undefined;
  const watches: Watch[] = [
    cluster.watchNode((node) => {
      agent.setNode(node);
      refusals.setNode(node);
      cancelSpread ??= clock.after(random() * SPREAD_MS, () => {
        watches.push(cluster.watchRefusedPods((pod) => refusals.refused(pod)));
      });
    }, listeners),
    cluster.watchConfigMap((configMap) => {
      agent.setConfigMap(configMap);
      refusals.setConfigMap(configMap);
    }, listeners),
  ];
  return () => {
    cancelSpread?.();
    for (const watch of watches) {
      watch.stop();
    }
  };
}
