// A change to carry out, with the input of its decision.

import type { Restart } from '../../plan/in-use.ts';
import type { Situation } from '../decide/context.ts';
import type { Decision } from '../decide/decide.ts';
import type { PodList } from '../decide/pod-guard.ts';
import type { Observation } from '../observe/observe.ts';

export interface DueChange {
  readonly situation: Situation;
  readonly observation: Observation;
  readonly decision: Decision;
  readonly change: NonNullable<Decision['change']>;
  /** Lists the pods again, from etcd. */
  readonly latestPods: (restart: Restart) => Promise<PodList>;
}
