import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ALLOWS_PREFIX, KEY_PREFIX } from '../../agent/names.ts';
import { allowedByLabels, allowsLabel, labelledNames, MOST_LABELLED } from '../../agent/policy/labelled.ts';
import type { Policy } from '../../agent/policy/policy.ts';

function entriesOf(names: readonly string[], key: string): Policy['entries'] {
  return names.map((pattern, index) => ({ pattern, key, line: index + 1 }));
}

function policy(
  base: readonly string[],
  profile: readonly string[] = [],
): Pick<Policy, 'entries' | 'profiles'> {
  return {
    entries: entriesOf(base, 'allowedUnsafeSysctls'),
    profiles: [{ name: 'db', nodeSelector: { pool: 'db' }, entries: entriesOf(profile, 'profiles') }],
  };
}

describe('the label of a sysctl', () => {
  it('has the name with dots, as the kubelet compares it', () => {
    expect(allowsLabel('net.core.somaxconn')).toBe(`${ALLOWS_PREFIX}net.core.somaxconn`);
    expect(allowsLabel('net/core/somaxconn')).toBe(`${ALLOWS_PREFIX}net.core.somaxconn`);
  });

  it.each(['net.*', 'kernel.shm*', 'net/ipv4/conf/eth0.100/forwarding', `net.${'x'.repeat(53)}`])(
    'does not exist for %s',
    (name) => {
      expect(allowsLabel(name)).toBeUndefined();
    },
  );

  it('exists for a name of 56 characters, the longest that fits a label', () => {
    const name = `net.${'x'.repeat(52)}`;
    expect(allowsLabel(name)?.slice(KEY_PREFIX.length).length).toBe(63);
  });

  it('is a key that the API server takes, or none', () => {
    const key = /^[a-z-]+\/(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/u;
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9./_*-]{1,80}$/u), (name) => {
        const label = allowsLabel(name);
        expect(label === undefined || key.test(label)).toBe(true);
      }),
    );
  });

  it('is read back to the name', () => {
    const key = allowsLabel('kernel/msgmax') ?? '';
    expect(allowedByLabels({ [key]: 'true', 'kubernetes.io/os': 'linux' })).toEqual(['kernel.msgmax']);
  });
});

describe('the names for which nodes have a label', () => {
  it('are those of the base list and of every profile, each once, in order', () => {
    const named = labelledNames(
      policy(['net.core.somaxconn', 'kernel/msgmax'], ['kernel.sem', 'kernel.msgmax']),
    );
    expect(named).toEqual(['kernel.msgmax', 'kernel.sem', 'net.core.somaxconn']);
  });

  it('leave out patterns and what every kubelet lets pods set, and have what only some do', () => {
    expect(
      labelledNames(
        policy(['kernel.shm*', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_fin_timeout']),
      ),
    ).toEqual(['net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_rmem']);
  });

  it('are bounded', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `net.core.x${index}`);
    expect(labelledNames(policy(many)).length).toBe(MOST_LABELLED);
  });
});
