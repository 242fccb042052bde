// What a decision is made from, and what a check of it says.

import type { Drift } from '../../plan/drift.ts';
import type { Restart } from '../../plan/in-use.ts';
import type { Plan } from '../../plan/types.ts';
import type { Desired } from '../../policy/desired.ts';
import type { NodeReport } from '../../report/annotations.ts';
import type { State } from '../../names.ts';
import type { PodList } from './pod-guard.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Observation, Unobservable } from '../observe/observe.ts';
import type { PolicyView } from '../report/policy-view.ts';
import type { NodeObject } from '../ports.ts';

export interface Situation {
  readonly view: PolicyView;
  readonly node: NodeObject;
  /** The agent was started to wait for a coordinator. */
  readonly coordinated: boolean;
  readonly observation: Observation | Unobservable;
  readonly agentState: AgentState;
  readonly now: Date;
  /** Before this instant no change begins (jitter). */
  readonly notBefore: Date | undefined;
  /** The node's pods; undefined until they are listed. */
  readonly pods: PodList | undefined;
}

/** What the policy asks of this node, and the one change that would bring it there. */
export interface Planning {
  readonly desired: Desired;
  readonly plan: Plan;
}

export type Planned = Extract<Plan, { kind: 'planned' }>;

export interface Context extends Omit<Situation, 'observation'> {
  readonly observation: Observation;
  /** What is on the disk, beside what is to be saved. */
  readonly saved: AgentState;
  readonly desired: Desired;
  readonly plan: Planned;
  readonly drift: Drift;
  /** The running kubelet must be restarted for the policy's sake. */
  readonly restart: boolean;
  /** The restart, where it may end pods. */
  readonly guarded: Restart | undefined;
}

export interface Verdict {
  /** Working: the change is made. */
  readonly state: State;
  readonly reason: string;
  readonly retryAt?: Date;
  /** The verdict may be another one once the pods are listed. */
  readonly asksPods?: boolean;
  /** What to save, where it differs. */
  readonly agentState?: AgentState;
  /** What the report says otherwise. */
  readonly report?: Partial<NodeReport>;
}
