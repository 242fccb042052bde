// The policy as the coordinator reads it: the ConfigMap's when it is valid, else none and why.

import { createHash } from 'node:crypto';
import type { ConfigMapObject } from '../node/ports.ts';
import { parsePolicy } from '../policy/parse.ts';
import type { Policy } from '../policy/policy.ts';
import { policyErrorText } from '../report/policy-error.ts';

export type PolicyView =
  | { readonly policy: Policy; readonly rollout: string; readonly problem: undefined }
  | { readonly policy: undefined; readonly problem: string };

/**
 * Reads what the API server has; undefined: no ConfigMap. Agents keep the last good policy on their disks. The coordinator
 * has none, and one that starts must decide as the one before it did: nothing is approved until it is mended.
 */
export function viewPolicy(configMap: ConfigMapObject | undefined, name: string): PolicyView {
  if (configMap === undefined) {
    return {
      policy: undefined,
      problem: `There is no ConfigMap ${name}: nothing is approved until it is back.`,
    };
  }
  const result = parsePolicy(configMap.data);
  if (result.ok) {
    return { policy: result.policy, rollout: listsId(result.policy), problem: undefined };
  }
  const why = policyErrorText(result.errors);
  return {
    policy: undefined,
    problem: `The ConfigMap ${name} is not valid: nothing is approved until it is mended. ${why}`,
  };
}

/** 10 hexadecimal digits that stand for the lists that the policy asks for, whatever the pace. */
export function listsId({ entries, profiles, settings }: Policy): string {
  const lists = {
    base: patterns(entries),
    profiles: profiles.map((profile) => [profile.nodeSelector, patterns(profile.entries)]),
    mode: settings.mode,
    unmanaged: settings.unmanaged,
  };
  return createHash('sha256').update(JSON.stringify(lists)).digest('hex').slice(0, 10);
}

function patterns(entries: Policy['entries']): readonly string[] {
  return entries.map(({ pattern }) => pattern);
}
