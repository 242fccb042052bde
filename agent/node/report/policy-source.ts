// The policy in force, and the Event that says why a ConfigMap is not valid.

import { policyErrorText } from '../../report/policy-error.ts';
import type { AgentState } from '../state/state-store.ts';
import { policyViewer, type PolicyView } from '../../policy/policy-view.ts';
import type { Cluster } from '../ports.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';
import type { AgentLog } from '../../report/log.ts';

export interface PolicySource {
  /** Reads the ConfigMap; posts an Event for errors that were not posted yet. `remembered` is the last valid policy. */
  read(configMap: ConfigMapObject | undefined, remembered: AgentState['policy']): Promise<PolicyView>;
}

/** `name`: the policy's ConfigMap. A failed Event is retried at the next read. */
export function createPolicySource(
  name: { readonly namespace: string; readonly name: string },
  { cluster, log }: { readonly cluster: Pick<Cluster, 'configMapEvent'>; readonly log: AgentLog },
): PolicySource {
  const viewPolicy = policyViewer(name);
  let posted: string | undefined;

  return {
    async read(configMap, remembered) {
      const view = viewPolicy(configMap, remembered);
      const message = view.errors.length === 0 ? undefined : policyErrorText(view.errors);
      if (message === undefined || message === posted) {
        posted = message;
        return view;
      }
      log.warn({ configMap: name }, message);
      try {
        await cluster.configMapEvent(configMap, { type: 'Warning', reason: 'PolicyInvalid', message });
        posted = message;
      } catch (error) {
        log.warn({ err: error }, 'The Event about the ConfigMap could not be written; the next pass retries');
      }
      return view;
    },
  };
}
