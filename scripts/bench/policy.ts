// The ConfigMap edits that the bench measures.

import { stringify } from 'yaml';
import type { Admin } from '../bed/control-plane/admin.ts';
import { LIST_KEY, POLICY_PATH, SAFE_SYSCTL } from '../kubernetes/names.ts';

/** The list of one node; the policy asks nothing of other nodes. */
export interface NodePolicy {
  readonly node: string;
  readonly allowances: readonly string[];
  readonly mode: 'Enforce' | 'Observe';
}

/** Sends the edit; resolves after the API server has accepted it, with performance.now() of the instant before it was sent. */
export async function applyPolicy(admin: Admin, policy: NodePolicy): Promise<number> {
  const sentAt = performance.now();
  await admin.send('PATCH', POLICY_PATH, { data: dataOf(policy) });
  return sentAt;
}

function dataOf({ node, allowances, mode }: NodePolicy): Readonly<Record<string, string>> {
  const profile = {
    name: 'bench',
    nodeSelector: { 'kubernetes.io/hostname': node },
    allowedUnsafeSysctls: allowances,
  };
  // Immediate: the bench measures one node, not its wait for an approval.
  return { [LIST_KEY]: `${SAFE_SYSCTL}\n`, profiles: stringify([profile]), mode, rollout: 'Immediate' };
}
