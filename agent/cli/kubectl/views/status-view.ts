// The status as data: the JSON that `status` prints. Pure.

import type { PolicyError } from '../../../policy/policy.ts';
import { DEFAULT_PACE } from '../../../policy/settings.ts';
import type {
  FleetNode,
  NodeVerdict,
  Phase,
  RolloutDecision,
  RolloutStatus,
} from '../../../rollout/fleet.ts';
import type { PolicyNow } from '../../../rollout/decision/gate.ts';
import { countsOf, estimatedEnd } from '../../../rollout/status/progress.ts';
import { isHeldUp, placesText } from '../../../rollout/status/places.ts';
import type { Installation } from '../cluster/installation.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import type { Unread } from '../cluster/unread.ts';

/** The coordinator's decision function, run in this process. */
export type Decide = (nodes: readonly FleetNode[], policy: PolicyNow, now: Date) => RolloutDecision;

export type Counts = Readonly<Record<RolloutStatus, number>>;

export interface StatusView {
  readonly phase: Phase;
  readonly reason: string;
  readonly nodes: number;
  readonly counts: Counts;
  /** undefined: unknown. */
  readonly secondsLeft: number | undefined;
  readonly maxUnavailable: number | undefined;
  /** The nodes that take a place of maxUnavailable. */
  readonly holders: RolloutDecision['holders'];
  /** The same in words, with what ends it; empty: no node takes one. */
  readonly places: string;
  /** Every place is taken, and by no change of a usual duration. */
  readonly isHeldUp: boolean;
  /** The revisions that the policy wants, most nodes first. */
  readonly revisions: readonly { readonly revision: string; readonly nodes: number; readonly done: number }[];
  readonly policy: PolicyView;
  /** Nodes that a user paused, whatever their standing. */
  readonly pausedNodes: readonly string[];
  readonly coordinator: CoordinatorView;
  /** Failed nodes first. */
  readonly attention: readonly NodeVerdict[];
  readonly verdicts: readonly NodeVerdict[];
  /** What the user may not read; without `policy` or `nodes`, phase and counts are not known. */
  readonly unread: readonly Unread[];
}

export interface PolicyView {
  readonly valid: boolean;
  readonly mode: string | undefined;
  readonly paused: boolean;
  readonly errors: readonly PolicyError[];
}

export interface CoordinatorView {
  readonly present: boolean | undefined;
  readonly holder: string | undefined;
  readonly renewedSecondsAgo: number | undefined;
  /** The nodes wait for approvals, and no coordinator leads. */
  readonly missing: boolean;
  /** Sentences that say who paces the nodes. */
  readonly message: string;
}

export interface StatusInput {
  readonly installation: Installation;
  readonly nodes: readonly ShownNode[];
  readonly now: Date;
  readonly decide: Decide;
}

const NEEDY: readonly RolloutStatus[] = ['failed', 'lost', 'held', 'changing', 'waiting', 'done'];

/** Returns the status of the rollout, as the coordinator would decide it now. */
export function statusView({ installation, nodes, now, decide }: StatusInput): StatusView {
  const fleet = nodes.map((node) => node.fleet);
  const policy = policyNow(installation);
  const decision = decide(fleet, policy, now);
  const end = estimatedEnd(decision, fleet, policy.policy?.settings.pace ?? DEFAULT_PACE, now);
  return {
    phase: decision.phase,
    reason: policy.policy === undefined ? noPolicy(installation) : decision.reason,
    nodes: nodes.length,
    counts: countsOf(decision),
    secondsLeft: end && Math.round((end.getTime() - now.getTime()) / 1000),
    maxUnavailable: decision.maxUnavailable,
    holders: decision.holders,
    places: placesText(decision),
    isHeldUp: isHeldUp(decision, now.getTime()),
    revisions: revisionsOf(decision.nodes),
    policy: policyView(installation),
    pausedNodes: fleet.filter(({ paused }) => paused).map(({ name }) => name),
    coordinator: coordinatorView(installation, now),
    attention: decision.nodes
      .filter(({ attention }) => attention !== undefined)
      .toSorted((one, other) => NEEDY.indexOf(one.standing) - NEEDY.indexOf(other.standing)),
    verdicts: decision.nodes,
    unread: installation.unread ?? [],
  };
}

/** The view lists the errors apart from this. */
function noPolicy({ policy, unread = [] }: Installation): string {
  if (unread.some(({ what }) => what === 'policy')) return 'The ConfigMap kubelet-sysctls could not be read.';
  return policy === undefined
    ? 'The ConfigMap kubelet-sysctls does not exist. No node is changed until you create it.'
    : 'The ConfigMap kubelet-sysctls is not valid. No node is changed until you fix it.';
}

function policyNow({ policy }: Installation): PolicyNow {
  if (policy === undefined) return { policy: undefined, errors: [] };
  return policy.ok ? { policy: policy.policy, errors: [] } : { policy: undefined, errors: policy.errors };
}

function revisionsOf(verdicts: readonly NodeVerdict[]): StatusView['revisions'] {
  const names = new Set(verdicts.map(({ revision }) => revision).filter((one) => one !== undefined));
  return [...names]
    .map((revision) => {
      const asked = verdicts.filter((one) => one.revision === revision);
      return {
        revision,
        nodes: asked.length,
        done: asked.filter(({ standing }) => standing === 'done').length,
      };
    })
    .toSorted((one, other) => other.nodes - one.nodes || (one.revision < other.revision ? -1 : 1));
}

function policyView({ policy }: Installation): PolicyView {
  if (policy === undefined) return { valid: false, mode: undefined, paused: false, errors: [] };
  if (!policy.ok) return { valid: false, mode: undefined, paused: false, errors: policy.errors };
  const { mode, paused } = policy.policy.settings;
  return { valid: true, mode, paused, errors: [] };
}

function coordinatorView(installation: Installation, now: Date): CoordinatorView {
  const { lease } = installation;
  if (lease.kind === 'unknown') {
    return {
      present: undefined,
      holder: undefined,
      renewedSecondsAgo: undefined,
      missing: false,
      message: `Unknown whether one leads: ${lease.why}.`,
    };
  }
  const [holder, age] =
    lease.kind === 'held'
      ? [podOf(lease.holder), Math.max(0, Math.round((now.getTime() - lease.renewedAt.getTime()) / 1000))]
      : [undefined, undefined];
  // Clocks differ: only after twice the Lease's duration without a renewal is the leader taken to be gone.
  const present = lease.kind === 'held' && (age ?? 0) <= 2 * lease.seconds;
  const missing = !present && installation.agentsWait === true && !isImmediate(installation);
  const message = paceText(installation, { present, holder, age, missing });
  return { present, holder, renewedSecondsAgo: age, missing, message };
}

interface Leader {
  readonly present: boolean;
  readonly holder: string | undefined;
  readonly age: number | undefined;
  readonly missing: boolean;
}

function paceText(installation: Installation, lease: Leader): string {
  const leads = lease.present
    ? `${lease.holder} leads (renewed ${lease.age} s ago)`
    : lease.holder === undefined
      ? 'none'
      : `none; ${lease.holder} led until ${lease.age} s ago`;
  if (isImmediate(installation)) {
    return `${leads}. rollout: Immediate: every node changes at once, without approval.`;
  }
  if (installation.agentsWait === false) {
    return `${leads}. The agents do not wait for approval: every node changes at once.`;
  }
  if (lease.missing) {
    return `${leads}. The agents wait for approvals. Check that the Deployment kubelet-sysctl-coordinator is up.`;
  }
  return `${leads}.`;
}

function isImmediate({ policy }: Installation): boolean {
  return policy?.ok === true && policy.policy.settings.pace.rollout === 'Immediate';
}

/** Returns the pod's name: an identity is `POD_UUID`. */
function podOf(holder: string): string {
  return holder.split('_', 1)[0] ?? holder;
}
