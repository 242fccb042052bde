// One term of a leader: what it follows and what it decides begin and end together.

import type { WatchedFleet } from '../../cluster/api/coordinator-api.ts';
import { createCoordinator, type CoordinatorPorts, type PolicyName } from '../../rollout/coordinator.ts';

export interface Term {
  /** Nothing is written any more, not even by a later term's leave; resolves when the writes under way have ended. */
  end(): Promise<void>;
}

/**
 * Lists the Nodes anew, since only what is read after the Lease was won holds all that the leader before wrote; whoever
 * does not lead holds no Nodes at all.
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
    onError: (error: unknown) => log.warn({ err: error }, 'The API server did not answer; trying again'),
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
