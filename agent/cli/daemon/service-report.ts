// What the Node shows while the host's own service has its lock, and a pod's agent waits.

import type { WatchedCluster } from '../../cluster/api/agent-api.ts';
import { createPublisher, NOTHING_SEEN } from '../../node/report/publisher.ts';
import type { Clock } from '../../node/ports.ts';
import type { AgentLog } from '../../report/log.ts';
import { createLoop } from '../../time/loop.ts';
import type { AgentLockOptions } from './node-lock.ts';

/** For a report that an overloaded API server refused. */
const RETRY_MS = 30_000;
/** Every change of the Node wakes the loop. */
const RESYNC_MS = 600_000;

export interface ServiceReportPorts {
  readonly cluster: Pick<WatchedCluster, 'watchNode' | 'patchNode' | 'nodeEvent'>;
  readonly clock: Clock;
  readonly log: AgentLog;
}

/** Shows on the Node that the agent waits for the host's own service, in place of what an agent reported earlier; nothing while it waits for another pod. */
export function reportWhileWaiting(
  ports: ServiceReportPorts,
): Required<Pick<AgentLockOptions, 'onBusy' | 'onWaited'>> {
  let stop: (() => void) | undefined;
  return {
    onBusy(text, holder) {
      stop?.();
      stop = holder === 'service' ? report(ports, text) : undefined;
    },
    onWaited: () => stop?.(),
  };
}

function report({ cluster, clock, log }: ServiceReportPorts, reason: string): () => void {
  const publisher = createPublisher(cluster, log);
  const loop = createLoop(clock, async () => {
    try {
      await publisher.publish({ ...NOTHING_SEEN, state: 'Blocked', reason, allows: [] });
      return RESYNC_MS;
    } catch (error) {
      log.warn({ err: error }, 'The report of this node was not accepted; the agent retries');
      return RETRY_MS;
    }
  });
  const watch = cluster.watchNode(
    (node) => {
      if (node !== undefined && publisher.setNode(node)) loop.wake();
    },
    {
      onError: (error) => log.warn({ err: error }, 'The API server did not answer; retrying'),
      onRecovered: () => loop.wake(),
    },
  );
  return () => {
    watch.stop();
    void loop.stop();
  };
}
