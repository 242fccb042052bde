// The agent's cluster where there is none: what a Node would show is given to the caller, and no one knows the pods.

import { KEYS } from '../../../names.ts';
import { NoApiServerError } from '../../../node/no-api-server.ts';
import type { Clock, Cluster } from '../../../node/ports.ts';

/** What the Node's annotations would be. */
export type Annotations = Readonly<Record<string, string>>;

/** Calls `show` with all annotations whenever the agent reports. */
export function noCluster(clock: Pick<Clock, 'sleep'>, show: (annotations: Annotations) => void): Cluster {
  let shown: Annotations = {};
  return {
    patchNode: async ({ annotations }) => {
      const kept = Object.entries(shown).filter(([key]) => !(key in annotations));
      const set = Object.entries(annotations).filter((entry): entry is [string, string] => entry[1] !== null);
      shown = Object.fromEntries([...kept, ...set]);
      show(shown);
    },
    seenReadiness: () => undefined,
    readiness: () => Promise.reject(new NoApiServerError()),
    sysctlPods: () => Promise.reject(new NoApiServerError()),
    watchPods: () => ({
      async found(_counts, waitMs) {
        await clock.sleep(waitMs);
        return [];
      },
      stop: () => {},
    }),
    // The agent logs every Event too.
    nodeEvent: () => Promise.resolve(),
    configMapEvent: () => Promise.resolve(),
  };
}

/** Returns the state and its reason in one line, and what is wrong with the policy. */
export function statusText(annotations: Annotations): string {
  const { [KEYS.state]: state = '', [KEYS.reason]: reason = '', [KEYS.policyError]: error } = annotations;
  return [`${state}: ${reason}`, ...(error === undefined ? [] : [error])]
    .join(' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
