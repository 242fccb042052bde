// Decisions for tests.

import type { NodeVerdict, RolloutDecision, RolloutStatus } from '../../agent/rollout/fleet.ts';

export function decision(more: Partial<RolloutDecision> = {}): RolloutDecision {
  return {
    phase: 'Rolling',
    reason: 'Because.',
    approvals: [],
    untaint: [],
    maxUnavailable: 1,
    holders: [],
    nodes: [],
    nextWakeup: undefined,
    ...more,
  };
}

export function verdict(name: string, standing: RolloutStatus, attention?: string): NodeVerdict {
  return { name, standing, revision: 'aaaaaaaaaa', canary: false, unavailable: false, attention };
}
