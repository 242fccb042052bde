// What the coordinator writes now, and what it tells of the rollout: a pure function of what is seen. It remembers
// nothing, so that one coordinator goes on where another ended.

import type { Policy } from '../policy/policy.ts';
import { DEFAULT_PACE } from '../policy/settings.ts';
import { attentionOf } from './status/attention.ts';
import { withinBudget } from './decision/budget.ts';
import { type Canaries, canariesOf, mayGo } from './decision/canaries.ts';
import type { Approval, FleetNode, NodeVerdict, RolloutDecision } from './fleet.ts';
import { gateOf, type PolicyNow } from './decision/gate.ts';
import { zoneLoads } from './decision/order.ts';
import { nextWakeup } from './decision/next-wakeup.ts';
import { phaseOf } from './status/phase.ts';
import { numberOf } from './decision/quantity.ts';
import { revisionsFor } from './decision/revisions.ts';
import { isSelected, type Candidate, memberOf, type DecisionContext } from './decision/node-status.ts';
import { windowsAt } from './windows/windows.ts';
import { withdrawalsOf } from './decision/revocations.ts';
import { createZones, type ZoneOffset } from './windows/zones.ts';

/** So long agents may take to answer to an edit before the first of them is approved. Usually they all have within a second. */
const ANSWERS_MS = 5000;
/** So long where the only ones that wait are those that need not answer. */
const OBJECTIONS_MS = 1000;

/**
 * Decides about the whole fleet. While the ConfigMap is not valid nothing is approved, and nodes are judged by what
 * their agents say they want. `zones` is worth sharing among calls.
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
  const going = [...welcomed, ...approved];

  return {
    ...phaseOf({ gate, members, joining, canaries, approved, maxUnavailable, awaitsAnswers }),
    approvals: [...withdrawalsOf(all, new Set(going), gate, terms.now), ...going.map(approvalOf)],
    untaint: policy === undefined ? [] : joining.filter(isDone).map(({ node }) => node.name),
    maxUnavailable,
    nodes: verdictsOf(all, members, canaries, terms),
    nextWakeup: nextWakeup([...members, ...joining], canaries, windows, {
      now: terms.now,
      answersBy: awaitsAnswers ? answersBy : undefined,
    }),
  };
}

/** Those that an agent runs on or should, in the order of names. */
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
 * Until when agents may answer to an edit, in ms. Who answers first need not be who is first in line; and those that would
 * change without a word may say at once what stands against it.
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
