// What the fleets' nodes allow before and after the change, and the policies that say so.

import type { Edit } from './policy.ts';

export const BASE: readonly string[] = ['net.core.somaxconn'];
export const CHANGED: readonly string[] = [...BASE, 'net.ipv4.tcp_fleet'];
export const MAX_UNAVAILABLE_PERCENT = 10;
export const CANARIES = 1;

/** A policy in which each node goes by itself, but for what is said otherwise. */
export function policyOf(policy: Pick<Edit, 'allowances' | 'nodeSoakSeconds'> & Partial<Edit>): Edit {
  return {
    rollout: 'Immediate',
    maxUnavailable: `${MAX_UNAVAILABLE_PERCENT}%`,
    canary: CANARIES,
    soakSeconds: 0,
    ...policy,
  };
}
