// What of a rollout is worth an Event, each once. Pure: what was told before is kept in the status ConfigMap.

import type { EventDraft } from '../../node/ports.ts';
import type { EventReason } from '../../names.ts';
import type { Phase } from '../fleet.ts';

/** What was told of the rollout of one policy. */
export interface Told {
  /** Which lists it rolls out: `listsId` of the policy. */
  readonly rollout: string;
  readonly started: boolean;
  /** It was seen to wait for its canaries. */
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

/** What is to be told now, and what will have been told then. A policy edited in the middle begins anew. */
export function milestones(
  before: Told | undefined,
  { rollout, phase, reason, progress }: Now,
): { readonly told: Told; readonly notes: readonly EventDraft[] } {
  const told = before?.rollout === rollout ? before : nothingTold(rollout);
  const notes: EventDraft[] = [];
  const tell = (type: EventDraft['type'], event: EventReason, message: string): void => {
    notes.push({ type, reason: event, message });
  };
  const isMoving = phase === 'Canary' || phase === 'Soaking' || phase === 'Rolling';
  const starts = isMoving && !told.started;
  const passes = told.canary && !told.canaryPassed && (phase === 'Rolling' || phase === 'Done');
  const halts = phase === 'Halted' && !told.halted;
  const resumes = told.halted && (isMoving || phase === 'Done');
  const ends = phase === 'Done' && told.started && !told.done;
  if (starts)
    tell('Normal', 'RolloutStarted', `The rollout of the current policy started: ${progress}. ${reason}`);
  if (halts) tell('Warning', 'RolloutHalted', reason);
  if (resumes) tell('Normal', 'RolloutResumed', `The rollout resumed: ${progress}. ${reason}`);
  if (passes) tell('Normal', 'CanaryPassed', `The canaries have soaked: ${progress}.`);
  if (ends) tell('Normal', 'RolloutDone', `${progress}. ${reason}`);
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

function nothingTold(rollout: string): Told {
  return { rollout, started: false, canary: false, canaryPassed: false, halted: false, done: false };
}
