// The policy as the coordinator reads it: from a valid ConfigMap, else none and the errors.

import { createHash } from 'node:crypto';
import { policyViewer } from '../../policy/policy-view.ts';
import type { Policy } from '../../policy/policy.ts';
import type { PolicyNow } from '../decision/gate.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';

/**
 * Parses the ConfigMap; undefined: it does not exist. Returns no policy when it is not valid. Unlike an agent, the coordinator
 * keeps no last valid policy: a new leader must decide as the previous one did.
 */
export function viewPolicy(
  configMap: ConfigMapObject | undefined,
  name: { readonly namespace: string; readonly name: string },
): PolicyNow {
  const { policy, errors } = policyViewer(name)(configMap, undefined);
  return { policy, errors };
}

/** Returns a hash (10 hexadecimal digits) of the policy's lists, independent of the pace. */
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
