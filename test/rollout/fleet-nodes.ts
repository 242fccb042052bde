// Nodes for tests: Pending, with usual values for fields that a test does not set.

import type { FleetNode } from '../../agent/rollout/fleet.ts';
import type { SeenNode } from '../../agent/rollout/ports.ts';

export function fleetNode(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return {
    name,
    labels: {},
    profiles: undefined,
    kubelet: 'v1.37.2',
    kernel: '6.12.0',
    readiness: { ready: true, since: new Date('2026-11-24T08:00:00Z') },
    joining: false,
    state: 'Pending',
    reason: '',
    rollbackIncomplete: false,
    desiredRevision: 'aaaaaaaaaa',
    appliedRevision: '0000000000',
    failedRevision: undefined,
    drift: [],
    lastChange: undefined,
    approvedRevision: undefined,
    approvedAt: undefined,
    paused: false,
    ...more,
  };
}

export function seenNode(name: string, resourceVersion = 1, more: Partial<FleetNode> = {}): SeenNode {
  const taint = { key: 'kubelet-sysctl-agent/pending', effect: 'NoSchedule' };
  return {
    node: fleetNode(name, more),
    resourceVersion: String(resourceVersion),
    taint: more.joining === true ? { index: 0, value: taint } : undefined,
  };
}
