// The types of the fleet: what the coordinator observes and what it decides.

import type { State } from '../names.ts';

/** The parts of a Node that a rollout reads. */
export interface FleetNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The selectors of the profiles that its agent counts, as text (policy/selectors.ts), also while a label is missing for seconds. */
  readonly profiles: string | undefined;
  /** `kubeletVersion` and `kernelVersion` of its status: v1.37.2, 6.1.0-28-amd64; empty until the kubelet reports. */
  readonly kubelet: string;
  readonly kernel: string;
  /** The condition Ready and the time of its last transition; undefined: the Node has no such condition yet. */
  readonly readiness: { readonly ready: boolean; readonly since: Date } | undefined;
  /** It has the start-up taint, so no workload runs there yet. */
  readonly joining: boolean;
  /** Reported by its agent; undefined before the first report. */
  readonly state: State | undefined;
  readonly reason: string;
  /** A change failed on it and its rollback is not complete, so it needs a person at once. */
  readonly rollbackIncomplete: boolean;
  readonly desiredRevision: string | undefined;
  readonly appliedRevision: string | undefined;
  /** The revision whose change failed on this node, until one succeeds or another is desired. */
  readonly failedRevision: string | undefined;
  /** The kinds of drift that its agent reported: missing, unmanaged, pending restart. */
  readonly drift: readonly string[];
  /** Allowances that another party has configured there; absent: none. */
  readonly unmanaged?: readonly string[];
  readonly lastChange: Date | undefined;
  readonly approvedRevision: string | undefined;
  /** When the coordinator wrote `approvedRevision`, as the API server noted it (managedFields). */
  readonly approvedAt: Date | undefined;
  /** A person paused this node alone. */
  readonly paused: boolean;
  /** The host's own service manages its kubelet, so no agent reports on it (HOST_SERVICE_LABEL); absent: no. */
  readonly hostService?: true;
}

/** The phases of a rollout, in their usual order. */
export const PHASES = ['Waiting', 'Canary', 'Soaking', 'Rolling', 'Paused', 'Halted', 'Done'] as const;

/**
 * Waiting: nodes want a change and may not begin: outside the windows, or the policy is not valid or does not exist.
 * Done: every node that can be changed has the policy's list.
 */
export type Phase = (typeof PHASES)[number];

/**
 * The status of one node in the rollout.
 * done: has the policy's list. waiting: wants a change, not approved yet. changing: approved or at work.
 * failed: its change to the policy's revision failed.
 * held: blocked by pods, paused, managed by the host's own service, or cannot be changed; other nodes do not wait for it.
 * lost: not Ready for long, without an agent, or did not begin its approved change; other nodes do not wait for it.
 */
export const STANDINGS = ['done', 'waiting', 'changing', 'failed', 'held', 'lost'] as const;

export type RolloutStatus = (typeof STANDINGS)[number];

export interface NodeVerdict {
  readonly name: string;
  readonly standing: RolloutStatus;
  /** The policy's revision for this node; undefined while its kubelet's version is not known. */
  readonly revision: string | undefined;
  readonly canary: boolean;
  /** Counts against maxUnavailable. */
  readonly unavailable: boolean;
  /** For people: the problem and the next step; undefined when there is no problem. */
  readonly attention: string | undefined;
}

/** A node that takes a place of maxUnavailable. */
export interface PlaceHolder {
  readonly name: string;
  /** changing: its approval or its change. not ready: whatever the cause. failed: its change failed. */
  readonly why: 'changing' | 'not ready' | 'failed';
  /** undefined: not known. */
  readonly since: Date | undefined;
  /** When its place is free at the latest, if it does not begin its change or stays not Ready; undefined: no such time. */
  readonly until: Date | undefined;
}

export interface Approval {
  readonly node: string;
  /** What to write: a revision or an approval marker. undefined: revoke the approval. */
  readonly revision: string | undefined;
}

export interface RolloutDecision {
  readonly phase: Phase;
  /** One or two sentences for people: the cause of the phase and what happens next. */
  readonly reason: string;
  /** What to write now, in this order. */
  readonly approvals: readonly Approval[];
  /** Nodes whose start-up taint is to be removed now. */
  readonly untaint: readonly string[];
  /** How many nodes may be unavailable at the same time. */
  readonly maxUnavailable: number;
  /** The nodes that are unavailable, in the order of names. */
  readonly holders: readonly PlaceHolder[];
  /** In the order of names. */
  readonly nodes: readonly NodeVerdict[];
  /** When the decision changes without any event (a soak ends, a window opens); undefined: never. */
  readonly nextWakeup: Date | undefined;
}
