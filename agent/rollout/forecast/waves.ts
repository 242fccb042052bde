// The order in which a rollout would go: the coordinator's own decision, played forward with nodes that behave. Pure.

import type { FleetNode, RolloutDecision } from '../fleet.ts';
import type { NodeForecast } from './forecast.ts';

export interface Wave {
  /** When it would begin at the earliest. */
  readonly at: Date;
  readonly nodes: readonly string[];
  readonly canaries: boolean;
}

export interface Order {
  /** The first ones. */
  readonly waves: readonly Wave[];
  /** Nodes that change after those. */
  readonly later: number;
}

/** What a change takes on a usual node, with its ten seconds of watching. */
const CHANGE_MS = 12_000;
/** Soaks and windows lie between waves; more steps than this mean that it does not go on. */
const MOST_STEPS = 50;

/** The first `most` waves, from `now` on. `decide` has the policy that is planned. */
export function orderOf(
  nodes: readonly FleetNode[],
  forecasts: readonly NodeForecast[],
  now: Date,
  decide: (nodes: readonly FleetNode[], now: Date) => RolloutDecision,
  most: number,
): Order {
  const fates = new Map(forecasts.map((one) => [one.name, one]));
  let fleet = nodes.map((node) => edited(node, fates.get(node.name)));
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

/** The node once its agent has read the edit. */
function edited(node: FleetNode, fate: NodeForecast | undefined): FleetNode {
  if (fate === undefined || fate.revision === undefined || fate.outcome === 'held') return node;
  const news = { ...node, desiredRevision: fate.revision, failedRevision: undefined, reason: '' };
  if (fate.outcome === 'blocked') return { ...news, state: 'Blocked' };
  return fate.outcome === 'nothing' ? { ...news, state: 'Done' } : { ...news, state: 'Pending' };
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
