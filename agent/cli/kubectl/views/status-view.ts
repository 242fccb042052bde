// What `status` tells, as data: the JSON that it prints. Pure.

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
import type { Installation } from '../cluster/installation.ts';
import type { ShownNode } from '../cluster/nodes.ts';

/** The coordinator's own decision, computed here. */
export type Decide = (nodes: readonly FleetNode[], policy: PolicyNow, now: Date) => RolloutDecision;

export type Counts = Readonly<Record<RolloutStatus, number>>;

export interface StatusView {
  readonly phase: Phase;
  readonly reason: string;
  readonly nodes: number;
  readonly counts: Counts;
  /** undefined: not known. */
  readonly secondsLeft: number | undefined;
  readonly maxUnavailable: number | undefined;
  /** The lists that the policy asks for, most nodes first. */
  readonly revisions: readonly { readonly revision: string; readonly nodes: number; readonly done: number }[];
  readonly policy: PolicyView;
  /** Those that a person paused, whatever their standing. */
  readonly pausedNodes: readonly string[];
  readonly coordinator: CoordinatorView;
  /** Failed ones first. */
  readonly attention: readonly NodeVerdict[];
  readonly verdicts: readonly NodeVerdict[];
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
  /** Nodes wait for a coordinator that is not there. */
  readonly missing: boolean;
  /** Who paces the nodes, in a sentence. */
  readonly message: string;
}

export interface StatusInput {
  readonly installation: Installation;
  readonly nodes: readonly ShownNode[];
  readonly now: Date;
  readonly decide: Decide;
}

const NEEDY: readonly RolloutStatus[] = ['failed', 'lost', 'held', 'changing', 'waiting', 'done'];

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
    revisions: revisionsOf(decision.nodes),
    policy: policyView(installation),
    pausedNodes: fleet.filter(({ paused }) => paused).map(({ name }) => name),
    coordinator: coordinatorView(installation, now),
    attention: decision.nodes
      .filter(({ attention }) => attention !== undefined)
      .toSorted((one, other) => NEEDY.indexOf(one.standing) - NEEDY.indexOf(other.standing)),
    verdicts: decision.nodes,
  };
}

/** Without the errors, which stand beside it one by one. */
function noPolicy({ policy }: Installation): string {
  return policy === undefined
    ? 'There is no ConfigMap kubelet-sysctls: nothing is changed until it is back.'
    : 'The ConfigMap kubelet-sysctls is not valid: nothing is changed until it is mended.';
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
      message: `Whether a coordinator is there is not known: ${lease.why}.`,
    };
  }
  const [holder, age] =
    lease.kind === 'held'
      ? [podOf(lease.holder), Math.max(0, Math.round((now.getTime() - lease.renewedAt.getTime()) / 1000))]
      : [undefined, undefined];
  // Clocks differ: a Lease that was not renewed for twice its time has no leader.
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
      : `${lease.holder} led, and has not been heard of for ${lease.age} s`;
  if (isImmediate(installation)) {
    return `${leads}. rollout: Immediate: every node goes by itself.`;
  }
  if (installation.agentsWait === false) {
    return `${leads}. The agents do not wait for approval: every node goes by itself.`;
  }
  if (lease.missing) {
    return `${leads}. The agents wait for approvals that nobody gives: is the Deployment kubelet-sysctl-coordinator up?`;
  }
  return `${leads}.`;
}

function isImmediate({ policy }: Installation): boolean {
  return policy?.ok === true && policy.policy.settings.pace.rollout === 'Immediate';
}

/** An identity is the pod's name, and something that tells its processes apart. */
function podOf(holder: string): string {
  return holder.split('_', 1)[0] ?? holder;
}
