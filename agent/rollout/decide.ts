// What the coordinator writes now and reports about the rollout: a pure function of the Nodes and the policy. It keeps no
// state, so a new leader continues where the previous one stopped.

import { DEFAULT_PACE } from '../policy/settings.ts';
import { createVerdicts, type VerdictsOf } from './status/verdicts.ts';
import { holderOf } from './status/places.ts';
import { withinBudget } from './decision/budget.ts';
import { canariesOf, mayGo } from './decision/canaries.ts';
import type { Approval, FleetNode, RolloutDecision } from './fleet.ts';
import { gateOf, type PolicyNow } from './decision/gate.ts';
import { zoneLoads } from './decision/order.ts';
import { nextWakeup } from './decision/next-wakeup.ts';
import { joined, only } from './decision/many.ts';
import { phaseOf } from './status/phase.ts';
import { numberOf } from './decision/quantity.ts';
import { createMembers, type MembersOf } from './decision/members.ts';
import {
  isSelected,
  isUnapprovedFailure,
  type Candidate,
  type DecisionContext,
} from './decision/node-status.ts';
import { windowsAt } from './windows/windows.ts';
import { withdrawalsOf } from './decision/revocations.ts';
import { createZones, type ZoneOffset } from './windows/zones.ts';

/** How long to wait for reports after an edit before the first approval. Agents usually report within a second. */
const ANSWERS_MS = 5000;
/** The same wait when all waiting nodes are predicted, in ms. */
const OBJECTIONS_MS = 1000;

/** What decisions share so that the next one is cheap; none of it changes what is decided. */
export interface DecisionCaches {
  readonly zones: ZoneOffset;
  readonly membersOf: MembersOf;
  readonly verdictsOf: VerdictsOf;
}

export function decisionCaches(zones: ZoneOffset = createZones()): DecisionCaches {
  return { zones, membersOf: createMembers(), verdictsOf: createVerdicts() };
}

/**
 * Decides about the whole fleet. While the ConfigMap is not valid, nothing is approved and each node is compared with the
 * revision that its agent desires. Share `caches` among the decisions about one fleet.
 */
export function decideRollout(
  nodes: readonly FleetNode[],
  view: PolicyNow,
  now: Date,
  { zones, membersOf, verdictsOf }: DecisionCaches = decisionCaches(),
): RolloutDecision {
  const policy = view.errors.length === 0 ? view.policy : undefined;
  const pace = policy?.settings.pace ?? DEFAULT_PACE;
  const terms: DecisionContext = {
    now: now.getTime(),
    soakMs: pace.soakSeconds * 1000,
    coordinated: pace.rollout === 'Coordinated',
  };
  const all = membersOf(nodes, policy, terms);
  const members = only(all, ({ node }) => isSelected(node));
  const joining = all.filter(({ node }) => node.joining);
  const windows = windowsAt(pace.windows, now, zones);
  const everyone = joined(members, joining);
  const gate = gateOf(view, everyone, members.length, windows, terms);
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

  const holders = members
    .filter(({ unavailable }) => unavailable)
    .flatMap((member) => holderOf(member, terms) ?? []);
  return {
    ...phaseOf({ gate, members, joining, canaries, approved, maxUnavailable, holders, awaitsAnswers }),
    approvals: [...withdrawalsOf(all, new Set(going), gate, terms.now), ...going.map(approvalOf)],
    untaint: policy === undefined ? [] : joining.filter(isDone).map(({ node }) => node.name),
    maxUnavailable,
    holders,
    nodes: verdictsOf(all, members, canaries, terms),
    nextWakeup: nextWakeup(everyone, canaries, windows, {
      now: terms.now,
      answersBy: awaitsAnswers ? answersBy : undefined,
    }),
  };
}

/**
 * Until when to wait for reports after an edit, in ms since the epoch; undefined: no wait. The first agent to report may not
 * be first in order, and the agent of a predicted node may report that its change is blocked.
 */
function endOfAnswers({ readAt }: PolicyNow, members: readonly Candidate[]): number | undefined {
  const anyWaiting = (is: (member: Candidate) => boolean): boolean =>
    members.some((member) => member.standing === 'waiting' && is(member));
  const owed = anyWaiting(({ wantsCurrentRevision }) => !wantsCurrentRevision) ? ANSWERS_MS : 0;
  const objections = anyWaiting(({ predicted }) => predicted) ? OBJECTIONS_MS : 0;
  return readAt && readAt.getTime() + Math.max(owed, objections);
}

function approvalOf({ node, revision }: Candidate): Approval {
  return { node: node.name, revision };
}

function isDone({ standing }: Candidate): boolean {
  return standing === 'done';
}
