// The lists of a fleet before and after the change, and their policies.

import type { Edit } from './policy.ts';

export const BASE: readonly string[] = ['net.core.somaxconn'];
export const CHANGED: readonly string[] = [...BASE, 'net.ipv4.tcp_fleet'];
export const MAX_UNAVAILABLE_PERCENT = 10;
export const CANARIES = 1;

/** Returns a policy in which nodes change without approval, unless `policy` says otherwise. */
export function policyOf(policy: Pick<Edit, 'allowances' | 'nodeSoakSeconds'> & Partial<Edit>): Edit {
  return {
    rollout: 'Immediate',
    maxUnavailable: `${MAX_UNAVAILABLE_PERCENT}%`,
    canary: CANARIES,
    soakSeconds: 0,
    ...policy,
  };
}
