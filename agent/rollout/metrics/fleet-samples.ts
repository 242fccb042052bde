// From a decision to samples. Pure: the same picture gives the same samples.

import { STATES } from '../../names.ts';
import type { PolicyNow } from '../decision/gate.ts';
import { type FleetNode, type NodeVerdict, PHASES, type RolloutDecision, STANDINGS } from '../fleet.ts';
import { listsId } from '../status/policy-view.ts';
import { countsOf } from '../status/progress.ts';
import type { FleetGauge } from './families.ts';

/** What the leader knows after a pass. */
export interface FleetPicture {
  readonly decision: RolloutDecision;
  readonly nodes: readonly FleetNode[];
  readonly policy: PolicyNow;
}

export interface Sample {
  readonly name: FleetGauge;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Returns the samples of the fleet. Nodes that are Done, without drift and without a taint have one each, so their number is
 * bounded by the number of Nodes, and a Node that is deleted has none.
 */
export function fleetSamples(picture: FleetPicture): readonly Sample[] {
  const byName = new Map(picture.nodes.map((node) => [node.name, node]));
  const perNode = picture.decision.nodes.flatMap((verdict) => {
    const node = byName.get(verdict.name);
    return node === undefined ? [] : nodeSamples(node, verdict);
  });
  return [...policySamples(picture.policy), ...rolloutSamples(picture), ...perNode];
}

function policySamples({ policy, errors }: PolicyNow): readonly Sample[] {
  if (policy === undefined || errors.length > 0) {
    return [sample('kubelet_sysctls_policy_valid', 0)];
  }
  const { mode, paused } = policy.settings;
  return [
    sample('kubelet_sysctls_policy_valid', 1),
    sample('kubelet_sysctls_policy_info', 1, { revision: listsId(policy), mode }),
    sample('kubelet_sysctls_policy_paused', Number(paused)),
  ];
}

function rolloutSamples({ decision, nodes }: FleetPicture): readonly Sample[] {
  const counts = countsOf(decision);
  const members = new Set(decision.nodes.map(({ name }) => name));
  const states = nodes.filter(({ name }) => members.has(name)).map(({ state }) => state);
  const next = counts.waiting > 0 ? decision.nextWakeup : undefined;
  return [
    ...PHASES.map((phase) =>
      sample('kubelet_sysctls_rollout_phase', Number(decision.phase === phase), { phase }),
    ),
    ...STANDINGS.map((standing) => sample('kubelet_sysctls_rollout_nodes', counts[standing], { standing })),
    ...STATES.map((state) =>
      sample('kubelet_sysctls_nodes', states.filter((one) => one === state).length, { state }),
    ),
    sample('kubelet_sysctls_rollout_unavailable_nodes', decision.holders.length),
    sample('kubelet_sysctls_rollout_max_unavailable_nodes', decision.maxUnavailable),
    ...(next === undefined
      ? []
      : [sample('kubelet_sysctls_rollout_next_approval_timestamp_seconds', secondsOf(next))]),
  ];
}

function nodeSamples(node: FleetNode, verdict: NodeVerdict): readonly Sample[] {
  const { name, state, lastChange } = node;
  const samples = node.drift.map((kind) => sample('kubelet_sysctls_node_drift', 1, { node: name, kind }));
  if (state !== undefined && state !== 'Done') {
    samples.push(sample('kubelet_sysctls_node_state', 1, { node: name, state }));
  }
  if (lastChange !== undefined) {
    samples.push(
      sample('kubelet_sysctls_node_last_change_timestamp_seconds', secondsOf(lastChange), { node: name }),
    );
  }
  if (isSilent(node, verdict)) {
    samples.push(sample('kubelet_sysctls_node_agent_silent', 1, { node: name }));
  }
  if (node.joining) {
    samples.push(sample('kubelet_sysctls_node_startup_taint', 1, { node: name }));
  }
  if (node.rollbackIncomplete) {
    samples.push(sample('kubelet_sysctls_node_rollback_incomplete', 1, { node: name }));
  }
  return samples;
}

function isSilent(node: FleetNode, { standing, revision, attention }: NodeVerdict): boolean {
  if (node.joining || node.readiness?.ready !== true) {
    return false;
  }
  if (standing === 'waiting') {
    // A waiting node needs attention only when its agent has not reported on the policy that others have.
    return attention !== undefined;
  }
  // Without a revision its kubelet's version is unknown, which says nothing of the agent.
  return standing === 'lost' && (node.state === undefined || revision !== undefined);
}

function sample(name: FleetGauge, value: number, labels: Readonly<Record<string, string>> = {}): Sample {
  return { name, labels, value };
}

function secondsOf(date: Date): number {
  return date.getTime() / 1000;
}
