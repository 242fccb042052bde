// What the coordinator writes now and reports about the rollout: a pure function of the Nodes and the policy. It keeps no
// state, so a new leader continues where the previous one stopped.

import type { Policy } from '../policy/policy.ts';
import { DEFAULT_PACE } from '../policy/settings.ts';
import { attentionOf } from './status/attention.ts';
import { holderOf } from './status/places.ts';
import { withinBudget } from './decision/budget.ts';
import { type Canaries, canariesOf, mayGo } from './decision/canaries.ts';
import type { Approval, FleetNode, NodeVerdict, RolloutDecision } from './fleet.ts';
import { gateOf, type PolicyNow } from './decision/gate.ts';
import { zoneLoads } from './decision/order.ts';
import { nextWakeup } from './decision/next-wakeup.ts';
import { phaseOf } from './status/phase.ts';
import { numberOf } from './decision/quantity.ts';
import { revisionsFor } from './decision/revisions.ts';
import {
  isSelected,
  isUnapprovedFailure,
  type Candidate,
  memberOf,
  type DecisionContext,
} from './decision/node-status.ts';
import { windowsAt } from './windows/windows.ts';
import { withdrawalsOf } from './decision/revocations.ts';
import { createZones, type ZoneOffset } from './windows/zones.ts';

/** How long to wait for reports after an edit before the first approval. Agents usually report within a second. */
const ANSWERS_MS = 5000;
/** The same wait when all waiting nodes are predicted, in ms. */
const OBJECTIONS_MS = 1000;

/**
 * Decides about the whole fleet. While the ConfigMap is not valid, nothing is approved and each node is compared with the
 * revision that its agent desires. Share `zones` among calls: creating one is expensive.
 */
export function decideRollout(
  nodes: readonly FleetNode[],
  view: PolicyNow,
  now: Date,
  zones: ZoneOffset = createZones(),
): RolloutDecision {
  const policy = view.errors.length === 0 ? view.policy : undefined;
  const pace = policy?.settings.pace ?? DEFAULT_PACE;
  const terms: DecisionContext = {
    now: now.getTime(),
    soakMs: pace.soakSeconds * 1000,
    coordinated: pace.rollout === 'Coordinated',
  };
  const all = membersOf(nodes, policy, terms);
  const members = all.filter(({ node }) => isSelected(node));
  const joining = all.filter(({ node }) => node.joining);
  const windows = windowsAt(pace.windows, now, zones);
  const gate = gateOf(view, [...members, ...joining], members.length, windows, terms);
  const loads = zoneLoads(members);
  const canaries = canariesOf(pace.canary, members, loads, terms.now);
  const maxUnavailable = numberOf(pace.maxUnavailable, members.length);
  const answersBy = endOfAnswers(view, members);
  const awaitsAnswers = answersBy !== undefined && terms.now < answersBy;
  const approved =
    gate.kind === 'open' && !awaitsAnswers
      ? withinBudget(canaries.eligible, members, maxUnavailable, loads)
      : [];
  const welcomed = gate.kind === 'open' || gate.kind === 'closed' ? joining.filter(mayGo) : [];
  const mayRetry = windows.open && (gate.kind === 'open' || gate.kind === 'halted');
  const retrying = mayRetry ? all.filter(isUnapprovedFailure) : [];
  const going = [...welcomed, ...retrying, ...approved];

  const holders = members.flatMap((member) => holderOf(member, terms) ?? []);
  return {
    ...phaseOf({ gate, members, joining, canaries, approved, maxUnavailable, holders, awaitsAnswers }),
    approvals: [...withdrawalsOf(all, new Set(going), gate, terms.now), ...going.map(approvalOf)],
    untaint: policy === undefined ? [] : joining.filter(isDone).map(({ node }) => node.name),
    maxUnavailable,
    holders,
    nodes: verdictsOf(all, members, canaries, terms),
    nextWakeup: nextWakeup([...members, ...joining], canaries, windows, {
      now: terms.now,
      answersBy: awaitsAnswers ? answersBy : undefined,
    }),
  };
}

/** Nodes on which an agent runs or should run, in the order of names. */
function membersOf(
  nodes: readonly FleetNode[],
  policy: Policy | undefined,
  terms: DecisionContext,
): readonly Candidate[] {
  const revisionOf = policy === undefined ? wantedBy : revisionsFor(policy);
  return nodes
    .filter((node) => node.state !== undefined || isLinux(node))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((node) => memberOf(node, revisionOf(node), terms));
}

/**
 * Until when to wait for reports after an edit, in ms since the epoch; undefined: no wait. The first agent to report may not
 * be first in order, and the agent of a predicted node may report that its change is blocked.
 */
function endOfAnswers({ readAt }: PolicyNow, members: readonly Candidate[]): number | undefined {
  const waiting = members.filter(({ standing }) => standing === 'waiting');
  const owed = waiting.some(({ wantsCurrentRevision }) => !wantsCurrentRevision) ? ANSWERS_MS : 0;
  const objections = waiting.some(({ predicted }) => predicted) ? OBJECTIONS_MS : 0;
  return readAt && readAt.getTime() + Math.max(owed, objections);
}

function wantedBy({ desiredRevision }: FleetNode): string | undefined {
  return desiredRevision;
}

function isLinux({ labels }: FleetNode): boolean {
  return (labels['kubernetes.io/os'] ?? 'linux') === 'linux';
}

function approvalOf({ node, revision }: Candidate): Approval {
  return { node: node.name, revision };
}

function isDone({ standing }: Candidate): boolean {
  return standing === 'done';
}

function verdictsOf(
  all: readonly Candidate[],
  members: readonly Candidate[],
  canaries: Canaries,
  terms: DecisionContext,
): readonly NodeVerdict[] {
  const wantsCurrentRevision = members.filter((member) => member.wantsCurrentRevision).length;
  const around = { ...terms, mostCaughtUp: wantsCurrentRevision * 2 >= members.length };
  return all.map((member) => ({
    name: member.node.name,
    standing: member.standing,
    revision: member.revision,
    canary: canaries.isCanary(member),
    unavailable: member.unavailable,
    attention: attentionOf(member, around),
  }));
}
