import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desiredFor } from '../../agent/policy/desired.ts';
import { DEFAULT_PACE } from '../../agent/policy/settings.ts';
import type { Policy, Settings } from '../../agent/policy/policy.ts';
import { version } from '../sysctl/versions.ts';

const SETTINGS: Settings = {
  mode: 'Enforce',
  paused: false,
  unmanaged: 'Keep',
  inUse: 'Block',
  nodeSoakSeconds: 10,
  openShiftConfigDir: false,
  pace: DEFAULT_PACE,
};
const NODE = { labels: { pool: 'gpu', zone: 'a' }, kubelet: version('1.37.2'), kernel: version('6.1') };

describe('desiredFor', () => {
  it('returns the union of the base list and of every profile that matches, sorted and without duplicates', () => {
    const policy = policyOf(
      ['net.b', 'net.a', 'net.*', 'net.b'],
      [
        [{ pool: 'gpu' }, ['kernel.sem', 'net.a']],
        [{ pool: 'gpu', zone: 'a' }, ['kernel.msg*']],
        [{ pool: 'gpu', zone: 'b' }, ['net.never']],
        [{ pool: 'cpu' }, ['net.never']],
        [{ absent: '' }, ['net.never']],
        [{ constructor: '' }, ['net.never']],
      ],
    );
    expect(desiredFor(policy, NODE).allowances).toEqual([
      'kernel.msg*',
      'kernel.sem',
      'net.*',
      'net.a',
      'net.b',
    ]);
  });

  it('keeps the spelling of a name, and a name beside the pattern that covers it', () => {
    const policy = policyOf(['net.core.*', 'net.core.somaxconn', 'net/core/x']);
    expect(desiredFor(policy, NODE).allowances).toEqual(['net.core.*', 'net.core.somaxconn', 'net/core/x']);
  });

  it('leaves out what is safe on this node, and lists it as safe', () => {
    const policy = policyOf(['net.ipv4.tcp_rmem', 'net.core.somaxconn']);
    expect(desiredFor(policy, NODE)).toMatchObject({
      allowances: ['net.core.somaxconn'],
      safe: ['net.ipv4.tcp_rmem'],
    });
    expect(desiredFor(policy, { ...NODE, kubelet: version('1.31.0') })).toMatchObject({
      allowances: ['net.core.somaxconn', 'net.ipv4.tcp_rmem'],
      safe: [],
    });
  });

  it('leaves out what this kubelet refuses, and lists it with the reason', () => {
    const policy = policyOf(['user.*', 'net.a']);
    expect(desiredFor(policy, { ...NODE, kubelet: version('1.36.3') })).toMatchObject({
      allowances: ['net.a'],
      unsupported: [{ pattern: 'user.*', verdict: 'invalid', message: expect.stringContaining('1.37') }],
    });
    expect(desiredFor(policy, NODE).unsupported).toEqual([]);
  });

  it('returns an empty list with mode Restore', () => {
    const policy = {
      ...policyOf(['net.a'], [[{ pool: 'gpu' }, ['net.b']]]),
      settings: { ...SETTINGS, mode: 'Restore' },
    } as const;
    expect(desiredFor(policy, NODE)).toMatchObject({ allowances: [], safe: [], unsupported: [] });
  });

  it('computes the revision from the list alone', () => {
    const expected = createHash('sha256').update('net.a\nnet.b').digest('hex').slice(0, 10);
    expect(desiredFor(policyOf(['net.b', 'net.a']), NODE).revision).toBe(expected);
    expect(desiredFor(policyOf(['net.b', 'net.ipv4.tcp_rmem', 'net.a']), NODE).revision).toBe(expected);
    expect(desiredFor(policyOf(['net.b']), NODE).revision).not.toBe(expected);
  });

  it('computes another revision with unmanaged: Remove, except with mode Restore', () => {
    const removing = { ...SETTINGS, unmanaged: 'Remove' } as const;
    const lists = [[], ['net.a']].map((names) => policyOf(names));
    const revisions = lists.flatMap((policy) => [
      desiredFor(policy, NODE).revision,
      desiredFor({ ...policy, settings: removing }, NODE).revision,
    ]);
    expect(new Set(revisions).size).toBe(4);
    const restoring = { ...policyOf(['net.a']), settings: { ...removing, mode: 'Restore' } } as const;
    expect(desiredFor(restoring, NODE).revision).toBe(revisions[0]);
  });

  it('does not depend on the order in which names and profiles are written', () => {
    const names = fc.array(fc.stringMatching(/^net\.[a-c]{1,3}\*?$/u), { maxLength: 8 });
    const shuffled = names.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, fc.nat({ max: 8 }), ([list, other], cut) => {
        const split = policyOf(other.slice(cut), [[{ pool: 'gpu' }, other.slice(0, cut)]]);
        expect(desiredFor(split, NODE)).toEqual(desiredFor(policyOf(list), NODE));
      }),
    );
  });
});

function policyOf(
  base: readonly string[],
  profiles: readonly (readonly [Record<string, string>, readonly string[]])[] = [],
): Policy {
  return {
    entries: entriesOf(base),
    profiles: profiles.map(([nodeSelector, patterns], index) => ({
      name: `profile ${index}`,
      nodeSelector,
      entries: entriesOf(patterns),
    })),
    settings: SETTINGS,
  };
}

function entriesOf(patterns: readonly string[]): Policy['entries'] {
  return patterns.map((pattern) => ({ pattern, key: 'k', line: 1 }));
}
