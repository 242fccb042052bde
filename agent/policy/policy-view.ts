// The policy in force: the ConfigMap's when it is valid, else the last valid one.

import { parsePolicy } from './parse.ts';
import type { Policy, PolicyError, PolicyResult } from './policy.ts';
import type { ConfigMapObject } from './config-map.ts';

export interface PolicyView {
  /** undefined: there has been no valid policy. */
  readonly policy: Policy | undefined;
  /** Why the present ConfigMap is not valid; empty when it is. */
  readonly errors: readonly PolicyError[];
  /** The data to save as the last valid policy. */
  readonly data: Data | undefined;
}

/** `configMap`: undefined when the API server has none. */
export type ViewPolicy = (configMap: ConfigMapObject | undefined, remembered: Data | undefined) => PolicyView;

/** Parses each ConfigMap once, however often it is viewed. */
export function policyViewer(name: { readonly namespace: string; readonly name: string }): ViewPolicy {
  const results = new WeakMap<Data, PolicyResult>();

  function resultOf(data: Data): PolicyResult {
    const result = results.get(data) ?? parsePolicy(data);
    results.set(data, result);
    return result;
  }

  function lastValid(remembered: Data | undefined): Pick<PolicyView, 'policy' | 'data'> {
    const result = remembered === undefined ? undefined : resultOf(remembered);
    return { policy: result?.ok === true ? result.policy : undefined, data: remembered };
  }

  return (configMap, remembered) => {
    if (configMap === undefined) {
      return { ...lastValid(remembered), errors: [{ key: '', line: 1, message: missing(name) }] };
    }
    if (configMap.unreadable !== undefined) {
      return { ...lastValid(remembered), errors: [configMap.unreadable] };
    }
    const result = resultOf(configMap.data);
    return result.ok
      ? { policy: result.policy, errors: [], data: configMap.data }
      : { ...lastValid(remembered), errors: result.errors };
  };
}

type Data = ConfigMapObject['data'];

function missing({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return (
    `Expected a ConfigMap ${namespace}/${name}, found none. ` +
    `No node is changed until it exists again: kubectl apply -k daemonset/, then kubectl -n ${namespace} edit configmap ${name}`
  );
}
