// The policy that holds now: the ConfigMap's when it is valid, else the last that was.

import { parsePolicy } from '../policy/parse.ts';
import type { Policy, PolicyError } from '../policy/policy.ts';
import type { Memory } from './memory.ts';
import type { ConfigMapObject } from './ports.ts';

export interface PolicyView {
  /** undefined: there never was a valid policy. */
  readonly policy: Policy | undefined;
  /** Why the present ConfigMap is not a policy; empty while it is. */
  readonly errors: readonly PolicyError[];
  /** The data to remember as the last good policy. */
  readonly data: Memory['policy'];
}

/** `configMap` is undefined when the API server says that there is none. */
export function viewPolicy(
  configMap: ConfigMapObject | undefined,
  remembered: Memory['policy'],
  name: { readonly namespace: string; readonly name: string },
): PolicyView {
  if (configMap !== undefined) {
    const result = parsePolicy(configMap.data);
    if (result.ok) {
      return { policy: result.policy, errors: [], data: configMap.data };
    }
    return { ...lastGood(remembered), errors: result.errors };
  }
  const message =
    `Expected a ConfigMap ${name.namespace}/${name.name}, found none. ` +
    `Nothing is changed until it is back: kubectl apply -k daemonset/, then kubectl -n ${name.namespace} edit configmap ${name.name}`;
  return { ...lastGood(remembered), errors: [{ key: '', line: 1, message }] };
}

function lastGood(remembered: Memory['policy']): Pick<PolicyView, 'policy' | 'data'> {
  const result = remembered === undefined ? undefined : parsePolicy(remembered);
  return { policy: result?.ok === true ? result.policy : undefined, data: remembered };
}
