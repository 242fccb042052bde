import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../agent/rollout/fleet.ts';
import { milestones, type Told } from '../../../agent/rollout/status/events.ts';

/** The reasons of the Events of these phases, in order; a phase may name its rollout. */
function eventsOf(...phases: (Phase | [Phase, string])[]): string[] {
  let memory: Told | undefined;
  return phases.flatMap((entry) => {
    const [phase, rollout] = typeof entry === 'string' ? [entry, 'one'] : entry;
    const next = milestones(memory, { rollout, phase, reason: 'why', progress: '1/2 done' });
    memory = next.told;
    return next.notes.map(({ reason }) => reason);
  });
}

describe('the milestones of a rollout', () => {
  it('posts each milestone of a rollout once, however long each phase is', () => {
    const phases: Phase[] = ['Waiting', 'Canary', 'Canary', 'Soaking', 'Soaking', 'Rolling', 'Rolling'];
    expect(eventsOf(...phases, 'Waiting', 'Rolling', 'Done', 'Done')).toEqual([
      'RolloutStarted',
      'CanaryPassed',
      'RolloutDone',
    ]);
  });

  it('posts no CanaryPassed without canaries', () => {
    expect(eventsOf('Rolling', 'Done')).toEqual(['RolloutStarted', 'RolloutDone']);
  });

  it('posts each halt and each resumption', () => {
    expect(eventsOf('Canary', 'Halted', 'Halted', 'Canary', 'Halted', 'Done')).toEqual([
      'RolloutStarted',
      'RolloutHalted',
      'RolloutResumed',
      'RolloutHalted',
      'RolloutResumed',
      'CanaryPassed',
      'RolloutDone',
    ]);
  });

  it('posts the milestones again for another policy, also for an earlier one', () => {
    expect(eventsOf(['Rolling', 'a'], ['Canary', 'b'], ['Rolling', 'a'], ['Done', 'a'])).toEqual([
      'RolloutStarted',
      'RolloutStarted',
      'RolloutStarted',
      'RolloutDone',
    ]);
  });

  it('posts no milestone when nothing had to change or one node returns later', () => {
    expect(eventsOf('Done', 'Done')).toEqual([]);
    expect(eventsOf('Rolling', 'Done', 'Rolling', 'Done')).toEqual(['RolloutStarted', 'RolloutDone']);
  });
});
