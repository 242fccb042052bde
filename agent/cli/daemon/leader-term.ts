// One leader term: its watches and its decisions start and end together.

import type { WatchedFleet } from '../../cluster/api/coordinator-api.ts';
import { createCoordinator, type CoordinatorPorts, type PolicyName } from '../../rollout/coordinator.ts';

export interface Term {
  /** No write starts after the call, even when this process leads again. Resolves when the writes under way have ended. */
  end(): Promise<void>;
}

/**
 * Starts a term: watches the Nodes and the policy, and decides. Call it after the Lease was acquired: only a list that is
 * read after that holds everything that the previous leader wrote.
 */
export function beginTerm(
  fleet: WatchedFleet,
  ports: Omit<CoordinatorPorts, 'cluster'>,
  policyName: PolicyName,
): Term {
  const { log } = ports;
  let isOver = false;
  const isLeading = (): boolean => !isOver && ports.isLeading();
  const coordinator = createCoordinator({ ...ports, cluster: fleet, isLeading }, policyName);
  const listeners = {
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; retrying'),
    onRecovered: () => coordinator.recovered(),
  };
  const watches = [
    fleet.watchNodes(coordinator, listeners),
    fleet.watchConfigMap((configMap) => coordinator.setConfigMap(configMap), listeners),
  ];
  return {
    async end() {
      isOver = true;
      for (const watch of watches) {
        watch.stop();
      }
      await coordinator.stop();
    },
  };
}
