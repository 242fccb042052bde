import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { isTakenOut, timesTakenOut } from '../../../agent/node/decide/revert-detection.ts';
import { type AgentState, EMPTY_STATE, type PastChange } from '../../../agent/node/state/state-store.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const EPOCH = { revision: 'a', boot: 'b1', kubelet: '1.37.2' };
const MISSING = { missing: ['kernel.sem'] };

function past(more: Partial<PastChange> = {}): PastChange {
  return {
    at: '2026-11-24T10:00:00.000Z',
    reason: '',
    file: '/etc/default/kubelet',
    before: 'x',
    after: 'y',
    from: [],
    to: MISSING.missing,
    takenOut: false,
    result: 'Done',
    ...EPOCH,
    ...more,
  };
}

function times(history: readonly PastChange[], plan = MISSING): number {
  return timesTakenOut(stateWith(history), EPOCH, plan, NOW).times;
}

/** The policy's revision is applied, and a change to it has failed since. */
function stateWith(history: readonly PastChange[]): AgentState {
  const failure = { situation: '', revision: 'a', attempts: 1, at: NOW.toISOString(), message: '' };
  return { ...EMPTY_STATE, history, appliedRevision: 'a', failure };
}

const again = past({ takenOut: true });

describe('timesTakenOut', () => {
  test('counts a flag that is missing after a change that succeeded', () => {
    expect(times([past()])).toBe(1);
    expect(times([past(), again])).toBe(2);
  });

  test('counts a flag that was taken out between the write and the kubelet’s start', () => {
    const failed = past({ result: 'RolledBack', takenOut: true, why: 'line 1 is theirs' });

    const once = { ...stateWith([failed, failed]), appliedRevision: undefined };

    expect(timesTakenOut(once, EPOCH, MISSING, NOW)).toEqual({ times: 2, why: 'line 1 is theirs' });
  });

  test.for<{ what: string; history: readonly PastChange[]; least: number }>([
    { what: 'nothing was changed yet', history: [], least: 0 },
    { what: 'the change was made in an earlier boot', history: [past({ boot: 'b0' })], least: 0 },
    { what: 'it was written by an older agent', history: [past({ boot: undefined })], least: 0 },
    { what: 'the kubelet was another one', history: [past({ kubelet: '1.37.1' })], least: 0 },
    { what: 'the policy was another one', history: [past({ revision: 'b' })], least: 0 },
    {
      what: 'another policy was applied in between',
      history: [past(), again, past({ revision: 'b' }), past()],
      least: 1,
    },
    { what: 'all changes failed', history: [past({ result: 'RolledBack' })], least: 0 },
    { what: 'a change failed in between', history: [past(), past({ result: 'RolledBack' })], least: 1 },
    { what: 'the agent withdrew the flag since', history: [past(), past({ to: [] })], least: 0 },
    { what: 'the change was undone at the boot', history: [past({ result: 'Undone' })], least: 0 },
  ])('counts $least when $what', ({ history, least }) => {
    expect(times(history)).toBe(least);
  });

  test('counts nothing before a user’s retry request', () => {
    const retried = { ...stateWith([past(), again]), retryAskedAt: '2026-11-24T11:00:00.000Z' };

    expect(timesTakenOut(retried, EPOCH, MISSING, NOW).times).toBe(0);
  });

  test('counts nothing in histories in which no flag was missing', () => {
    const change = fc.record({
      revision: fc.constantFrom('a', 'b'),
      boot: fc.constantFrom('b0', 'b1'),
      result: fc.constantFrom('Done' as const, 'RolledBack' as const, 'Undone' as const),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        expect(times(changes.map(past), { missing: [] })).toBe(0);
      }),
    );
  });
});

describe('isTakenOut', () => {
  test('is false while everything desired is configured', () => {
    expect(isTakenOut(stateWith([past()]), EPOCH, { missing: [] }, NOW)).toBe(false);
    expect(isTakenOut(stateWith([past()]), EPOCH, MISSING, NOW)).toBe(true);
  });

  test('is false when another revision was applied since, for which nothing had to be changed', () => {
    const applied = { ...stateWith([past()]), appliedRevision: 'b' };

    expect(isTakenOut(applied, EPOCH, MISSING, NOW)).toBe(false);
  });
});
