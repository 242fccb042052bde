// The edits of the ConfigMap that are measured.

import { stringify } from 'yaml';
import type { Admin } from '../bed/control-plane/admin.ts';
import { LIST_KEY, POLICY_PATH, SAFE_SYSCTL } from '../kubernetes/names.ts';

/** What one node is to allow; nothing is asked of the others. */
export interface NodePolicy {
  readonly node: string;
  readonly allowances: readonly string[];
  readonly mode: 'Enforce' | 'Observe';
}

/** Sends the edit; resolves with performance.now() of the instant before it was sent, once the API server has it. */
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
  // What is measured is one node, not the wait for its turn.
  return { [LIST_KEY]: `${SAFE_SYSCTL}\n`, profiles: stringify([profile]), mode, rollout: 'Immediate' };
}
