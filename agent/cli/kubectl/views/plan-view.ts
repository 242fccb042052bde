// The plan of a rollout as data: the JSON that `plan` prints. Pure.

import type { SysctlPod } from '../../../plan/in-use.ts';
import type { Policy } from '../../../policy/policy.ts';
import { forecast, OUTCOMES, type NodeForecast, type Outcome } from '../../../rollout/forecast/forecast.ts';
import { orderOf, type Order } from '../../../rollout/forecast/waves.ts';
import type { Coordination } from '../cluster/installation.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import type { Decide } from './status-view.ts';

export interface PlanView {
  readonly valid: true;
  /** Sentences about what stops all changes, what is unknown, and that all nodes change at once. */
  readonly notes: readonly string[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Nodes with the same forecast, in the order of OUTCOMES; most nodes first. */
  readonly groups: readonly Group[];
  /** undefined: no coordinator paces the nodes, or no change starts. */
  readonly order: Order | undefined;
  readonly maxUnavailable: number;
  readonly soakSeconds: number;
  readonly nodes: readonly NodeForecast[];
}

export interface Group extends Pick<NodeForecast, 'outcome' | 'added' | 'removed' | 'reason'> {
  readonly nodes: readonly string[];
}

export interface PlanInput {
  readonly policy: Policy;
  readonly nodes: readonly ShownNode[];
  /** By node; undefined when the user may not list pods. */
  readonly pods: ReadonlyMap<string, readonly SysctlPod[]> | undefined;
  readonly coordination: Coordination;
  readonly now: Date;
  readonly decide: Decide;
}

const MOST_WAVES = 5;

/** Returns what the policy would change on these nodes, and in which order. */
export function planView(input: PlanInput): PlanView {
  const { policy, nodes, pods, now, decide } = input;
  const forecasts = nodes.map((node) => forecast(node, policy, pods?.get(node.name) ?? []));
  const fleet = nodes.map((node) => node.fleet);
  const view = { policy, errors: [] };
  return {
    valid: true,
    notes: notesOf(input),
    counts: countsOf(forecasts),
    groups: groupsOf(forecasts),
    order: isPaced(input)
      ? orderOf(fleet, forecasts, now, (seen, at) => decide(seen, view, at), MOST_WAVES)
      : undefined,
    maxUnavailable: decide(fleet, view, now).maxUnavailable,
    soakSeconds: policy.settings.pace.soakSeconds,
    nodes: forecasts,
  };
}

function notesOf({ policy, pods, coordination }: PlanInput): readonly string[] {
  const { mode, paused, inUse, pace } = policy.settings;
  const notes = [
    mode === 'Observe' && 'mode: Observe: the agents report these changes and make none.',
    paused && 'paused: no change starts until you resume the rollout.',
    inUse === 'Proceed' && 'inUse: Proceed: the restarts end pods that use a removed sysctl.',
    pace.rollout === 'Immediate' && 'rollout: Immediate: every node changes at once, without approval.',
    pace.rollout !== 'Immediate' &&
      coordination.agentsWait === false &&
      'The agents do not wait for approval: every node changes at once.',
    pods === undefined &&
      'This plan ignores pods that would block a node: you may not list pods. You need a ClusterRole with verb list on pods.',
  ];
  return notes.filter((note) => note !== false);
}

function isPaced({ policy, coordination }: PlanInput): boolean {
  const { mode, paused, pace } = policy.settings;
  return mode !== 'Observe' && !paused && pace.rollout !== 'Immediate' && coordination.agentsWait !== false;
}

function countsOf(forecasts: readonly NodeForecast[]): PlanView['counts'] {
  const count = (outcome: Outcome): number => forecasts.filter((one) => one.outcome === outcome).length;
  return {
    restart: count('restart'),
    blocked: count('blocked'),
    'no restart': count('no restart'),
    nothing: count('nothing'),
    held: count('held'),
  };
}

function groupsOf(forecasts: readonly NodeForecast[]): readonly Group[] {
  const groups = new Map<string, Group & { nodes: string[] }>();
  for (const { name, outcome, added, removed, reason } of forecasts) {
    const key = JSON.stringify([outcome, added, removed, reason]);
    const group = groups.get(key) ?? { outcome, added, removed, reason, nodes: [] };
    group.nodes.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted(
    (one, other) =>
      OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome) ||
      other.nodes.length - one.nodes.length,
  );
}
