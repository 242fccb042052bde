// The fleet as the coordinator sees it, and what it decides about it. Data alone.

import type { State } from '../names.ts';

/** One Node, as far as a rollout looks at it. */
export interface FleetNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `kubeletVersion` and `kernelVersion` of its status: v1.37.2, 6.1.0-28-amd64; empty while the kubelet has not said. */
  readonly kubelet: string;
  readonly kernel: string;
  /** The condition Ready and when it became what it is; undefined: the Node has none yet. */
  readonly readiness: { readonly ready: boolean; readonly since: Date } | undefined;
  /** It carries the start-up taint: nothing runs there yet. */
  readonly joining: boolean;
  /** What its agent says; undefined where no agent has reported. */
  readonly state: State | undefined;
  readonly reason: string;
  readonly desiredRevision: string | undefined;
  readonly appliedRevision: string | undefined;
  /** The revision whose change failed on this node, until one succeeds or another is desired. */
  readonly failedRevision: string | undefined;
  readonly lastChange: Date | undefined;
  readonly approvedRevision: string | undefined;
  /** When the coordinator wrote `approvedRevision`, as the API server noted it (managedFields). */
  readonly approvedAt: Date | undefined;
  /** A person paused this node alone. */
  readonly paused: boolean;
}

/** What a rollout is doing, in the order in which it usually does it. */
export const PHASES = ['Waiting', 'Canary', 'Soaking', 'Rolling', 'Paused', 'Halted', 'Done'] as const;

/**
 * Waiting: nodes want a change and may not begin: outside the windows, or the policy is not valid or not there.
 * Done: every node that can be changed is where the policy wants it.
 */
export type Phase = (typeof PHASES)[number];

/**
 * What the rollout makes of one node.
 * done: where the policy wants it. waiting: wants a change, and waits for its turn. changing: approved or at work.
 * held: by a guard or a person, or it cannot be changed; holds nobody up.
 * lost: not Ready for so long, without an agent, or not answering its approval; holds nobody up.
 */
export const STANDINGS = ['done', 'waiting', 'changing', 'failed', 'held', 'lost'] as const;

export type RolloutStatus = (typeof STANDINGS)[number];

export interface NodeVerdict {
  readonly name: string;
  readonly standing: RolloutStatus;
  /** The revision that the policy asks of it; undefined while its kubelet's version is not known. */
  readonly revision: string | undefined;
  readonly canary: boolean;
  /** Counts against maxUnavailable. */
  readonly unavailable: boolean;
  /** For a person: why it needs attention, and the mend; undefined where it needs none. */
  readonly attention: string | undefined;
}

export interface Approval {
  readonly node: string;
  /** What to write; may be one of MARKS. undefined: the approval is withdrawn. */
  readonly revision: string | undefined;
}

export interface RolloutDecision {
  readonly phase: Phase;
  /** One or two sentences for a person: why the phase is what it is, and what happens next. */
  readonly reason: string;
  /** What to write now, in this order. */
  readonly approvals: readonly Approval[];
  /** Nodes whose start-up taint goes now. */
  readonly untaint: readonly string[];
  /** How many nodes may be unavailable at a time. */
  readonly maxUnavailable: number;
  /** In the order of names. */
  readonly nodes: readonly NodeVerdict[];
  /** The instant at which time alone changes the decision (a soak that ends, a window that opens); undefined: none. */
  readonly nextWakeup: Date | undefined;
}
