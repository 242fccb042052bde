import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../agent/rollout/fleet.ts';
import { milestones, type Told } from '../../../agent/rollout/status/events.ts';

/** The reasons of the Events, phase by phase; a phase may name the rollout that it is of. */
function told(...phases: (Phase | [Phase, string])[]): string[] {
  let memory: Told | undefined;
  return phases.flatMap((entry) => {
    const [phase, rollout] = typeof entry === 'string' ? [entry, 'one'] : entry;
    const next = milestones(memory, { rollout, phase, reason: 'why', progress: '1/2 done' });
    memory = next.told;
    return next.notes.map(({ reason }) => reason);
  });
}

describe('the milestones of a rollout', () => {
  it('are told once each, however long each phase is', () => {
    const phases: Phase[] = ['Waiting', 'Canary', 'Canary', 'Soaking', 'Soaking', 'Rolling', 'Rolling'];
    expect(told(...phases, 'Waiting', 'Rolling', 'Done', 'Done')).toEqual([
      'RolloutStarted',
      'CanaryPassed',
      'RolloutDone',
    ]);
  });

  it('have no canary where there was none', () => {
    expect(told('Rolling', 'Done')).toEqual(['RolloutStarted', 'RolloutDone']);
  });

  it('name a halt, and the way out of it, each time', () => {
    expect(told('Canary', 'Halted', 'Halted', 'Canary', 'Halted', 'Done')).toEqual([
      'RolloutStarted',
      'RolloutHalted',
      'RolloutResumed',
      'RolloutHalted',
      'RolloutResumed',
      'CanaryPassed',
      'RolloutDone',
    ]);
  });

  it('begin anew with another policy, also with one that was there before', () => {
    expect(told(['Rolling', 'a'], ['Canary', 'b'], ['Rolling', 'a'], ['Done', 'a'])).toEqual([
      'RolloutStarted',
      'RolloutStarted',
      'RolloutStarted',
      'RolloutDone',
    ]);
  });

  it('are none when nothing had to change, nor when one node comes back later', () => {
    expect(told('Done', 'Done')).toEqual([]);
    expect(told('Rolling', 'Done', 'Rolling', 'Done')).toEqual(['RolloutStarted', 'RolloutDone']);
  });
});
