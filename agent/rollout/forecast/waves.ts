// The order of a rollout: simulates the coordinator's decisions with nodes that always succeed. Pure.

import type { FleetNode, RolloutDecision } from '../fleet.ts';
import type { NodeForecast } from './forecast.ts';

export interface Wave {
  /** The earliest begin. */
  readonly at: Date;
  readonly nodes: readonly string[];
  readonly canaries: boolean;
}

export interface Order {
  /** The first waves. */
  readonly waves: readonly Wave[];
  /** The number of nodes that change after these waves. */
  readonly later: number;
}

/** Assumed duration of a change, with its soak of ten seconds. */
const CHANGE_MS = 12_000;
/** Soaks and windows lie between waves. More steps than this mean that the rollout does not progress. */
const MOST_STEPS = 50;

/** Returns the first `most` waves from `now` on. `decide` must use the planned policy. */
export function orderOf(
  nodes: readonly FleetNode[],
  forecasts: readonly NodeForecast[],
  now: Date,
  decide: (nodes: readonly FleetNode[], now: Date) => RolloutDecision,
  most: number,
): Order {
  const byName = new Map(forecasts.map((one) => [one.name, one]));
  let fleet = nodes.map((node) => edited(node, byName.get(node.name)));
  let at = now;
  const waves: Wave[] = [];
  for (let step = 0; step < MOST_STEPS && waves.length < most; step += 1) {
    const decision = decide(fleet, at);
    const names = decision.approvals.filter(({ revision }) => revision !== undefined).map(({ node }) => node);
    if (names.length > 0) {
      waves.push({ at, nodes: names, canaries: isOfCanaries(names, decision) });
      at = new Date(at.getTime() + CHANGE_MS);
      const [went, done] = [new Set(names), at];
      fleet = fleet.map((node) => (went.has(node.name) ? changed(node, done) : node));
    } else if (decision.nextWakeup !== undefined && decision.nextWakeup > at) {
      at = decision.nextWakeup;
    } else {
      break;
    }
  }
  const begun = new Set(waves.flatMap((wave) => wave.nodes));
  const later = forecasts.filter(({ name, outcome }) => isChange(outcome) && !begun.has(name)).length;
  return { waves, later };
}

function isChange(outcome: NodeForecast['outcome']): boolean {
  return outcome === 'restart' || outcome === 'no restart';
}

function isOfCanaries(names: readonly string[], { nodes }: RolloutDecision): boolean {
  const went = new Set(names);
  return nodes.some(({ name, canary }) => canary && went.has(name));
}

/** The node after its agent has read the edit. */
function edited(node: FleetNode, forecast: NodeForecast | undefined): FleetNode {
  if (forecast === undefined || forecast.revision === undefined || forecast.outcome === 'held') return node;
  const updated = { ...node, desiredRevision: forecast.revision, failedRevision: undefined, reason: '' };
  if (forecast.outcome === 'blocked') return { ...updated, state: 'Blocked' };
  return forecast.outcome === 'nothing' ? { ...updated, state: 'Done' } : { ...updated, state: 'Pending' };
}

function changed(node: FleetNode, at: Date): FleetNode {
  const { desiredRevision } = node;
  return {
    ...node,
    state: 'Done',
    appliedRevision: desiredRevision,
    approvedRevision: desiredRevision,
    approvedAt: at,
    lastChange: at,
  };
}
