import { describe, expect, it } from 'vitest';
import { KEYS } from '../../../agent/names.ts';
import { inOneLine, isProvenAs, settledAs } from '../../../scripts/kubernetes/node-progress.ts';

const DONE = {
  [KEYS.state]: 'Done',
  [KEYS.reason]: 'The kubelet runs with the desired allowance.',
  [KEYS.desired]: 'kernel.sem,net.core.somaxconn',
  [KEYS.running]: 'kernel.sem,net.core.somaxconn',
  [KEYS.desiredRevision]: 'b6b9734149',
  [KEYS.appliedRevision]: 'b6b9734149',
};
const ALLOWED = { allowed: ['net.core.somaxconn'], forbidden: [] };
const FORBIDDEN = { allowed: [], forbidden: ['net.core.somaxconn'] };

describe('settledAs', () => {
  it('returns what a node shows that is Done with the name', () => {
    expect(settledAs(DONE, ALLOWED)).toEqual({
      state: 'Done',
      reason: DONE[KEYS.reason],
      desired: ['kernel.sem', 'net.core.somaxconn'],
      running: ['kernel.sem', 'net.core.somaxconn'],
      revision: 'b6b9734149',
    });
  });

  it.each([
    ['another state', { [KEYS.state]: 'Working' }],
    ['an older revision', { [KEYS.appliedRevision]: '0000000000' }],
    ['the report from before the edit', { [KEYS.desired]: 'kernel.sem' }],
    ['a kubelet that does not run with it yet', { [KEYS.running]: 'kernel.sem' }],
    ['a policy that is not valid', { [KEYS.policyError]: 'mode, line 1: …' }],
  ])('does not accept %s', (_what, change) => {
    expect(settledAs({ ...DONE, ...change }, ALLOWED)).toBeUndefined();
  });

  it('does not accept a node without a report', () => {
    expect(settledAs({}, { allowed: [], forbidden: [] })).toBeUndefined();
  });

  it('waits until a name is neither desired nor running any more', () => {
    expect(settledAs(DONE, FORBIDDEN)).toBeUndefined();
    expect(settledAs({ ...DONE, [KEYS.desired]: '' }, FORBIDDEN)).toBeUndefined();
    expect(settledAs({ ...DONE, [KEYS.desired]: '', [KEYS.running]: '' }, FORBIDDEN)).toMatchObject({
      desired: [],
      running: [],
    });
  });
});

describe('isProvenAs', () => {
  it.each([
    [
      'is true while the verified kubelet soaks',
      { [KEYS.state]: 'Working', [KEYS.appliedRevision]: '' },
      true,
    ],
    ['is true once the node is done', {}, true],
    ['is false while the old kubelet runs', { [KEYS.state]: 'Working', [KEYS.running]: 'kernel.sem' }, false],
    ['is false on a node that has failed', { [KEYS.state]: 'Degraded' }, false],
  ])('%s', (_what, change, expected) => {
    expect(isProvenAs({ ...DONE, ...change }, ALLOWED)).toBe(expected);
  });

  it('is false until the kubelet runs without a forbidden name', () => {
    expect(isProvenAs(DONE, FORBIDDEN)).toBe(false);
    expect(isProvenAs({ ...DONE, [KEYS.running]: '' }, FORBIDDEN)).toBe(true);
  });
});

describe('inOneLine', () => {
  it('has the reason why a node is blocked', () => {
    expect(inOneLine('n1', { ...DONE, [KEYS.state]: 'Blocked', [KEYS.reason]: 'pod a/b uses it' })).toBe(
      'n1: Blocked, running [kernel.sem,net.core.somaxconn]: pod a/b uses it',
    );
    expect(inOneLine('n2', {})).toBe('n2: no report of an agent yet');
  });
});
