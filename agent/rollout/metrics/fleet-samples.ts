// From a decision to samples. Pure: the same picture gives the same samples.

import { type State, STATES } from '../../names.ts';
import type { PolicyNow } from '../decision/gate.ts';
import { type FleetNode, type NodeVerdict, PHASES, type RolloutDecision, STANDINGS } from '../fleet.ts';
import { listsId } from '../status/policy-view.ts';
import { countsOf } from '../status/progress.ts';
import { pairsByName } from './by-name.ts';
import type { FleetGauge } from './families.ts';

/** What the leader knows after a pass. */
export interface FleetPicture {
  readonly decision: RolloutDecision;
  /** In the order of names. */
  readonly nodes: readonly FleetNode[];
  readonly policy: PolicyNow;
}

export interface Sample {
  readonly name: FleetGauge;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The samples of the fleet, one family after the other, each made when it is asked for: thousands at once would have to be kept.
 * Nodes that are Done, without drift and without a taint have one each, so their number is bounded by the number of Nodes, and a
 * Node that is deleted has none.
 */
export function* fleetSamples(picture: FleetPicture): Generator<Sample> {
  yield* policySamples(picture.policy);
  yield* rolloutSamples(picture);
  for (const family of NODE_FAMILIES) {
    for (const [verdict, node] of pairsByName(picture.decision.nodes, picture.nodes)) {
      yield* family(node, verdict);
    }
  }
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
  const states = new Map<State | undefined, number>();
  for (const [, { state }] of pairsByName(decision.nodes, nodes))
    states.set(state, (states.get(state) ?? 0) + 1);
  const next = counts.waiting > 0 ? decision.nextWakeup : undefined;
  return [
    ...PHASES.map((phase) =>
      sample('kubelet_sysctls_rollout_phase', Number(decision.phase === phase), { phase }),
    ),
    ...STANDINGS.map((standing) => sample('kubelet_sysctls_rollout_nodes', counts[standing], { standing })),
    ...STATES.map((state) => sample('kubelet_sysctls_nodes', states.get(state) ?? 0, { state })),
    sample('kubelet_sysctls_rollout_unavailable_nodes', decision.holders.length),
    sample('kubelet_sysctls_rollout_max_unavailable_nodes', decision.maxUnavailable),
    ...(next === undefined
      ? []
      : [sample('kubelet_sysctls_rollout_next_approval_timestamp_seconds', secondsOf(next))]),
  ];
}

const NONE: readonly Sample[] = [];

/** The series of one Node in one family. */
const NODE_FAMILIES: readonly ((node: FleetNode, verdict: NodeVerdict) => readonly Sample[])[] = [
  ({ name, state }) =>
    state === undefined || state === 'Done'
      ? NONE
      : [sample('kubelet_sysctls_node_state', 1, { node: name, state })],
  ({ name, drift }) => drift.map((kind) => sample('kubelet_sysctls_node_drift', 1, { node: name, kind })),
  ({ name, lastChange }) =>
    lastChange === undefined
      ? NONE
      : [sample('kubelet_sysctls_node_last_change_timestamp_seconds', secondsOf(lastChange), { node: name })],
  (node, verdict) =>
    isSilent(node, verdict) ? [sample('kubelet_sysctls_node_agent_silent', 1, { node: node.name })] : NONE,
  ({ name, joining }) => (joining ? [sample('kubelet_sysctls_node_startup_taint', 1, { node: name })] : NONE),
  ({ name, rollbackIncomplete }) =>
    rollbackIncomplete ? [sample('kubelet_sysctls_node_rollback_incomplete', 1, { node: name })] : NONE,
];

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
