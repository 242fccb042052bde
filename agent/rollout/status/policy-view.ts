// The policy as the coordinator reads it: the ConfigMap's when it is valid, else none and why.

import { createHash } from 'node:crypto';
import { policyViewer } from '../../node/report/policy-view.ts';
import type { ConfigMapObject } from '../../node/ports.ts';
import type { Policy } from '../../policy/policy.ts';
import type { PolicyNow } from '../decision/gate.ts';

/**
 * Reads what the API server has; undefined: no ConfigMap. Agents keep the last good policy on their disks. The coordinator
 * has none: one that starts must decide as the one before it did.
 */
export function viewPolicy(
  configMap: ConfigMapObject | undefined,
  name: { readonly namespace: string; readonly name: string },
): PolicyNow {
  const { policy, errors } = policyViewer(name)(configMap, undefined);
  return { policy, errors };
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
