import { describe, expect, it } from 'vitest';
import { driftOf, restartNeeded } from '../../agent/plan/drift.ts';

describe('driftOf', () => {
  it('returns no drift when the three lists agree, counting what a pattern covers', () => {
    const state = {
      desired: ['net.core.somaxconn'],
      configured: ['net.*'],
      running: ['net.*'],
      unmanaged: [],
    };
    expect(driftOf(state)).toEqual({ missing: [], unmanaged: [], pendingRestart: [] });
  });

  it('lists what is missing, what other parties configured, and what waits for a restart', () => {
    const unmanaged = [{ pattern: 'net.*', origin: 'another party' }];
    expect(
      driftOf({
        desired: ['kernel.sem', 'kernel.msgmax'],
        configured: ['net.*', 'kernel.msgmax', 'kernel.shmall'],
        running: ['net.core.somaxconn', 'kernel.sem', 'kernel.shmall'],
        unmanaged,
      }),
    ).toEqual({
      missing: ['kernel.sem'],
      unmanaged,
      pendingRestart: ['+kernel.msgmax', '+net.*', '-kernel.sem'],
    });
  });
});

describe('restartNeeded', () => {
  const state = {
    desired: ['net.core.somaxconn'],
    lastApplied: { ours: ['net.core.somaxconn', 'kernel.sem'], folded: [] },
    configured: ['net.core.somaxconn'],
    running: ['net.core.somaxconn'],
  };

  it.each([
    ['no: all is as it should be', state, false],
    ['yes: something desired does not run', { ...state, running: [] }, true],
    ['no: a running pattern covers it', { ...state, running: ['net.*'] }, false],
    [
      'yes: the kubelet still allows a name of ours that is no longer wanted',
      { ...state, running: ['net.*', 'kernel.sem'] },
      true,
    ],
    [
      'no: another party configures that name',
      { ...state, running: ['net.*', 'kernel.sem'], configured: ['kernel.*'] },
      false,
    ],
    ['no: others’ names still run', { ...state, running: ['net.*', 'kernel.shmall'] }, false],
    ['no: others’ names wait for a restart', { ...state, configured: ['net.*', 'kernel.shmall'] }, false],
  ])('decides whether a restart is needed: %s', (_, given, needed) => {
    expect(restartNeeded(given)).toBe(needed);
  });
});
