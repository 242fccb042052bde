// Nodes and policies to decide about.

import { parsePolicy } from '../../agent/policy/parse.ts';
import type { Policy } from '../../agent/policy/policy.ts';
import type { PolicyNow } from '../../agent/rollout/decision/gate.ts';
import type { FleetNode } from '../../agent/rollout/fleet.ts';
import { revisionsFor } from '../../agent/rollout/decision/revisions.ts';

export const NOW = new Date('2026-11-24T12:00:00Z');
export const CONTROL_PLANE = { 'node-role.kubernetes.io/control-plane': '' };

const LIST = 'allowedUnsafeSysctls';

export function secondsAgo(seconds: number, now = NOW): Date {
  return new Date(now.getTime() - seconds * 1000);
}

/** A valid policy that names `net.core.somaxconn` unless `data` names another list. */
export function policyWith(data: Readonly<Record<string, string>> = {}): Policy {
  const result = parsePolicy({ [LIST]: 'net.core.somaxconn', ...data });
  if (!result.ok) {
    throw new Error(`Expected a valid policy, got ${JSON.stringify(result.errors)}.`);
  }
  return result.policy;
}

export function valid(data: Readonly<Record<string, string>> = {}): PolicyNow {
  return { policy: policyWith(data), errors: [] };
}

/** The policy's revision for a node with these labels, by default none. */
export function revisionOf(policy: PolicyNow, labels: Readonly<Record<string, string>> = {}): string {
  const revision = policy.policy && revisionsFor(policy.policy)({ labels, profiles: undefined, ...VERSIONS });
  if (revision === undefined) {
    throw new Error('Expected a policy, got none.');
  }
  return revision;
}

const VERSIONS = { kubelet: 'v1.37.2', kernel: '6.1.0-28-amd64' };

/** The revision that the nodes had before. */
export const OLD = '0000000000';
/** The revision of `valid()`. */
export const NEW = revisionOf(valid());

const BLANK: FleetNode = {
  name: '',
  labels: {},
  profiles: undefined,
  ...VERSIONS,
  readiness: { ready: true, since: secondsAgo(86_400) },
  joining: false,
  state: 'Pending',
  reason: 'Waits.',
  rollbackIncomplete: false,
  desiredRevision: NEW,
  appliedRevision: OLD,
  failedRevision: undefined,
  drift: [],
  lastChange: secondsAgo(86_400),
  approvedRevision: OLD,
  approvedAt: secondsAgo(86_500),
  paused: false,
};

/** A node that wants the new list and waits. */
export function waiting(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return { ...BLANK, name, ...more };
}

/** A node with the old list whose agent has not reported on the policy yet. */
export function unreported(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return waiting(name, { state: 'Done', desiredRevision: OLD, ...more });
}

/** A node that has had the new list for an hour. */
export function done(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return waiting(name, {
    state: 'Done',
    appliedRevision: more.desiredRevision ?? NEW,
    approvedRevision: more.desiredRevision ?? NEW,
    approvedAt: secondsAgo(3700),
    lastChange: secondsAgo(3600),
    ...more,
  });
}

/** A node that was approved some seconds ago and is at work. */
export function working(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return waiting(name, {
    state: 'Working',
    approvedRevision: more.desiredRevision ?? NEW,
    approvedAt: secondsAgo(5),
    ...more,
  });
}

/** A node that was approved some seconds ago and has not begun. */
export function approved(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return working(name, { state: 'Pending', ...more });
}

export function failed(name: string, more: Partial<FleetNode> = {}): FleetNode {
  return working(name, {
    state: 'Degraded',
    failedRevision: more.desiredRevision ?? NEW,
    reason: 'The kubelet did not start; rolled back.',
    ...more,
  });
}

export function notReady(seconds: number): Pick<FleetNode, 'readiness'> {
  return { readiness: { ready: false, since: secondsAgo(seconds) } };
}

export function zone(name: string): Pick<FleetNode, 'labels'> {
  return { labels: { 'topology.kubernetes.io/zone': name } };
}

/** `n01`, `n02`, … */
export function many(count: number, make: (name: string) => FleetNode): readonly FleetNode[] {
  return Array.from({ length: count }, (_, index) => make(`n${String(index + 1).padStart(2, '0')}`));
}
