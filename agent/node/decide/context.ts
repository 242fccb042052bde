// The input of a decision, and the verdict of a check.

import type { Drift } from '../../plan/drift.ts';
import type { Restart } from '../../plan/in-use.ts';
import type { Plan } from '../../plan/types.ts';
import type { Desired } from '../../policy/desired.ts';
import type { NodeReport } from '../../report/annotations.ts';
import type { State } from '../../names.ts';
import type { PodList } from './pod-guard.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation, Unobservable } from '../observe/observe.ts';
import type { PolicyView } from '../../policy/policy-view.ts';
import type { NodeObject } from '../ports.ts';

export interface Situation {
  readonly view: PolicyView;
  readonly node: NodeObject;
  /** The agent was started to wait for a coordinator. */
  readonly coordinated: boolean;
  readonly observation: Observation | Unobservable;
  readonly agentState: AgentState;
  /** Selectors whose profiles count although a label of theirs is missing (label-delay.ts). */
  readonly kept: ReadonlySet<string>;
  /** What the node shows: what this process reported last, or else its annotations, which may be older. */
  readonly shown: { readonly state: string | undefined; readonly reason: string };
  readonly now: Date;
  readonly monotonicMs: number;
  /** The ConfigMap's; undefined: there is none. */
  readonly resourceVersion: string | undefined;
  /** No change begins before this instant (jitter). */
  readonly notBefore: Date | undefined;
  /** The node's pods; undefined until they are listed. */
  readonly pods: PodList | undefined;
}

/** The list that the policy wants on this node, and the plan that brings the node there. */
export interface Planning {
  readonly desired: Desired;
  readonly plan: Plan;
  /** The plan for the unit after a pending daemon-reload; undefined when none is pending. */
  readonly afterReload: Plan | undefined;
}

export type Planned = Extract<Plan, { kind: 'planned' }>;

export interface Context extends Omit<Situation, 'observation'> {
  readonly observation: Observation;
  /** The state on the disk; `agentState` is the one to save. */
  readonly saved: AgentState;
  readonly desired: Desired;
  readonly plan: Planned;
  readonly afterReload: Plan | undefined;
  readonly drift: Drift;
  /** The policy requires a restart of the running kubelet. */
  readonly restart: boolean;
  /** The restart, when it may end pods. */
  readonly guarded: Restart | undefined;
}

export interface Verdict {
  /** Working: make the change. */
  readonly state: State;
  readonly reason: string;
  readonly retryAt?: Date;
  /** The verdict may differ once the pods are listed. */
  readonly asksPods?: boolean;
  /** The state to save, when it is not the context's. */
  readonly agentState?: AgentState;
  /** Fields of the report to override. */
  readonly report?: Partial<NodeReport>;
}
