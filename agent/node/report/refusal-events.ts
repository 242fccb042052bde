// Writes an Event on a pod that this node's kubelet refused for a sysctl.

import { KEYS } from '../../names.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import { parsePolicy } from '../../policy/parse.ts';
import type { EventDraft } from '../../report/event-draft.ts';
import type { AgentLog } from '../../report/log.ts';
import type { Clock, NodeObject, RefusedPod } from '../ports.ts';
import { refusalWay } from './refusal-way.ts';

export interface RefusalEvents {
  setNode(node: NodeObject | undefined): void;
  setConfigMap(configMap: ConfigMapObject | undefined): void;
  /** Call for each refused pod. */
  refused(pod: RefusedPod): void;
}

interface Ports {
  readonly cluster: {
    /** Resolves without an Event when one about the pod's owner was posted within the hour. */
    podEvent(pod: RefusedPod, note: EventDraft): Promise<void>;
  };
  readonly log: Pick<AgentLog, 'warn'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Older pods are left over: Failed pods stay, and a new agent sees them all. */
const RECENT_MS = 600_000;

/** `namespace`: of the policy's ConfigMap. Does nothing before the Node is known. A failed Event is not retried: the next pod of its owner causes one. */
export function createRefusalEvents(ports: Ports, namespace: string): RefusalEvents {
  let node: NodeObject | undefined;
  let configMap: ConfigMapObject | undefined;

  function wayOf(pod: RefusedPod, { name, labels, annotations }: NodeObject): string | undefined {
    // Parsed for each Event, and not kept: Events are few, and the policy is large.
    const result = configMap && parsePolicy(configMap.data);
    const policy = result?.ok === true ? result.policy : undefined;
    return refusalWay(pod, { node: { name, labels, state: annotations[KEYS.state] }, policy, namespace });
  }

  async function post(pod: RefusedPod, message: string): Promise<void> {
    try {
      await ports.cluster.podEvent(pod, { type: 'Warning', reason: 'SysctlNotAllowed', message });
    } catch (error) {
      const about = { pod: `${pod.namespace}/${pod.name}`, err: error };
      ports.log.warn(about, 'The Event about a refused pod could not be written');
    }
  }

  return {
    setNode: (seen) => {
      node = seen;
    },
    setConfigMap: (seen) => {
      configMap = seen;
    },
    refused(pod) {
      const isRecent = ports.clock.now().getTime() - pod.createdAt.getTime() <= RECENT_MS;
      const message = node !== undefined && isRecent ? wayOf(pod, node) : undefined;
      if (message !== undefined) {
        void post(pod, message);
      }
    },
  };
}
