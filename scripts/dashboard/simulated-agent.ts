// An agent without a machine: it needs some time for a change.

import { INPUT_KEYS, isRevision } from '../../agent/names.ts';
import type { Policy } from '../../agent/policy/policy.ts';
import { desiredOn, type SimulatedNode } from './simulated-node.ts';

export interface Circumstances {
  readonly policy: Policy;
  readonly now: Date;
  /** How long a node's change takes. */
  readonly changeMs: number;
  /** Why the change fails on this node; undefined: it succeeds. */
  readonly failureOf?: ((name: string) => string | undefined) | undefined;
}

/** Does on this node what is due, and returns whether what it shows changed. */
export function actOn(node: SimulatedNode, { policy, now, changeMs, failureOf }: Circumstances): boolean {
  const desired = desiredOn(node, policy);
  const isPaused = node.input[INPUT_KEYS.paused] === 'true';
  const hasSwitched = isPaused !== (node.state === 'Observing');
  if (hasSwitched) {
    node.desired = desired;
    node.state = isPaused ? 'Observing' : 'Done';
    node.reason = isPaused ? 'A person paused this node.' : '';
  }
  if (INPUT_KEYS.retry in node.input) {
    delete node.input[INPUT_KEYS.retry];
    begin(node, desired, now);
    return true;
  }
  if (node.workingAt !== undefined) {
    if (now.getTime() - node.workingAt < changeMs) return hasSwitched;
    finish(node, failureOf?.(node.name), now);
    return true;
  }
  const isApproved = isRevision(node.approved?.revision) && node.approved.revision === desired.revision;
  if (isApproved && !isPaused && node.applied !== desired.revision && node.failed !== desired.revision) {
    begin(node, desired, now);
    return true;
  }
  return hasSwitched;
}

function begin(node: SimulatedNode, desired: SimulatedNode['desired'], now: Date): void {
  node.workingAt = now.getTime();
  node.desired = desired;
  node.state = 'Working';
  node.reason = 'The kubelet restarts with the new list.';
}

/** Ends the change; `failure`: why it failed. */
function finish(node: SimulatedNode, failure: string | undefined, now: Date): void {
  const { allowances, revision } = node.desired;
  node.history.push({
    at: now.toISOString(),
    reason: 'The policy wants another list.',
    revision,
    file: '/etc/default/kubelet',
    before: null,
    after: null,
    from: [...node.running],
    to: [...allowances],
    result: failure === undefined ? 'Done' : 'RolledBack',
    ...(failure !== undefined && { why: failure }),
  });
  node.workingAt = undefined;
  if (failure === undefined) {
    Object.assign(node, { running: allowances, applied: revision, state: 'Done', reason: '' });
    node.changedAt = now;
    node.failed = undefined;
  } else {
    Object.assign(node, { state: 'Degraded', reason: failure, failed: revision });
  }
}
