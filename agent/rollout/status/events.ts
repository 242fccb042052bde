// The Events of a rollout, each posted once. Pure: the status ConfigMap keeps which Events were posted before.

import type { EventReason } from '../../names.ts';
import type { Phase } from '../fleet.ts';
import type { EventDraft } from '../../report/event-draft.ts';

/** Which Events of one policy's rollout were posted. */
export interface Told {
  /** The lists of the policy: its `listsId`. */
  readonly rollout: string;
  readonly started: boolean;
  /** The rollout has waited for canaries. */
  readonly canary: boolean;
  readonly canaryPassed: boolean;
  readonly halted: boolean;
  readonly done: boolean;
}

interface Now {
  readonly rollout: string;
  readonly phase: Phase;
  readonly reason: string;
  /** `12/40 done, 3 changing`. */
  readonly progress: string;
}

/** Returns the Events to post now, and `told` after them. A policy with other lists restarts the sequence. */
export function milestones(
  before: Told | undefined,
  { rollout, phase, reason, progress }: Now,
): { readonly told: Told; readonly notes: readonly EventDraft[] } {
  const told = before?.rollout === rollout ? before : nothingPosted(rollout);
  const notes: EventDraft[] = [];
  const add = (type: EventDraft['type'], event: EventReason, message: string): void => {
    notes.push({ type, reason: event, message });
  };
  const isMoving = phase === 'Canary' || phase === 'Soaking' || phase === 'Rolling';
  const starts = isMoving && !told.started;
  const passes = told.canary && !told.canaryPassed && (phase === 'Rolling' || phase === 'Done');
  const halts = phase === 'Halted' && !told.halted;
  const resumes = told.halted && (isMoving || phase === 'Done');
  const ends = phase === 'Done' && told.started && !told.done;
  if (starts)
    add('Normal', 'RolloutStarted', `The rollout of the current policy started: ${progress}. ${reason}`);
  if (halts) add('Warning', 'RolloutHalted', reason);
  if (resumes) add('Normal', 'RolloutResumed', `The rollout resumed: ${progress}. ${reason}`);
  if (passes) add('Normal', 'CanaryPassed', `The canaries have soaked: ${progress}.`);
  if (ends) add('Normal', 'RolloutDone', `${progress}. ${reason}`);
  return {
    notes,
    told: {
      rollout,
      started: told.started || starts,
      canary: told.canary || phase === 'Canary' || phase === 'Soaking',
      canaryPassed: told.canaryPassed || passes,
      halted: halts || (told.halted && !resumes),
      done: told.done || ends,
    },
  };
}

function nothingPosted(rollout: string): Told {
  return { rollout, started: false, canary: false, canaryPassed: false, halted: false, done: false };
}
