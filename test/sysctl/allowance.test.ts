import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowanceProblem } from '../../agent/sysctl/allowance.ts';
import { normaliseSysctl } from '../../agent/sysctl/normalise.ts';
import { item } from './arbitraries.ts';
import { version } from './versions.ts';

const OLDEST = version('1.29.6');
const NEWEST = version('1.37.2');
const NET_OF_253 = `net.${'a'.repeat(249)}`;

describe('allowanceProblem', () => {
  it.each([
    'net.*',
    'net/core/*',
    'net.core.somaxconn',
    'net.ipv4.tcp_*',
    'net/ipv4/conf/eth0.100/forwarding',
    'kernel.shm*',
    'kernel.shm',
    'kernel.msg*',
    'kernel.sem',
    'kernel.sem*',
    'kernel/shm_rmid_forced',
    'fs.mqueue.*',
    NET_OF_253,
  ])('accepts %s on every kubelet', (pattern) => {
    expect(allowanceProblem(pattern, OLDEST)).toBeUndefined();
    expect(allowanceProblem(pattern, NEWEST)).toBeUndefined();
  });

  it.each([
    ['', /empty item.*Remove/u],
    ['net', /Name net\.\*/u],
    ['net*', /too wide.*Name net\.\*/u],
    ['*', /too wide.*net\.\*, kernel\.shm\* or kernel\.msg\*/u],
    ['kernel.*', /too wide.*kernel\.sem, kernel\.shm\*, kernel\.msg\*/u],
    ['kernel.shm_*', /too wide.*Name kernel\.shm_rmid_forced/u],
    ['kernel.shmm*', /Name kernel\.shmmax or kernel\.shmmni/u],
    ['kernel.msgm*', /Name kernel\.msgmax, kernel\.msgmnb or kernel\.msgmni/u],
    ['kernel.sem.*', /Did you mean kernel\.sem\?/u],
    ['kernel.shmmaxx', /Did you mean kernel\.shmmax\?/u],
    ['fs.mqueue*', /Name fs\.mqueue\.\*/u],
    ['vm.*', /not namespaced.*on the node itself/u],
    ['vm.max_map_count', /not namespaced.*on the node itself/u],
    ['fs.aio-max-nr', /not namespaced.*on the node itself/u],
    ['kernel.hostname', /not namespaced.*on the node itself/u],
    ['NET.core.somaxconn', /lowercase.*Write net\.core\.somaxconn/u],
    ['net.core.somaxconn net.core.x', /no spaces/u],
    ['net.core.somaxconn=4096', /name alone/u],
    ['net.core.somaxconn: 4096', /name alone/u],
    ['"net.core.somaxconn"', /quotes/u],
    ['- net.core.somaxconn', /Remove the dash/u],
    ['"net.*"', /Remove the quotes/u],
    ["'--allowed-unsafe-sysctls=net.ipv4.ip_forward'", /Write the name alone: net\.ipv4\.ip_forward\./u],
    ['[--allowed-unsafe-sysctls=net.*]', /Write the name alone: net\.\*\./u],
    ['- "--allowed-unsafe-sysctls=net.*"', /Write the name alone: net\.\*\./u],
    ['--allowed-unsafe-sysctls net.*', /Write the name alone: net\.\*\./u],
    ['kubelet.AllowedUnsafeSysctls=net.*', /Write the name alone: net\.\*\./u],
    ['allowedUnsafeSysctls: ["net.*"]', /Write the name alone: net\.\*\./u],
    ['allowedUnsafeSysctls: {}', /Write the names alone, without the flag\./u],
    ['kernel.shm.*', /Did you mean kernel\.shm\*\?/u],
    ['net.*.foo', /\* may only be the last/u],
    ['**', /\* may only be the last/u],
    ['net..core', /two separators/u],
    ['net.core.', /end with a separator/u],
    ['.net.core', /begin with a separator/u],
    ['net.core-', /begin and end/u],
    ['net._core', /begin and end/u],
    ['net.core\u200b', /invisible/u],
    [`${NET_OF_253}a`, /at most 253/u],
  ])('refuses %j and says how to fix it', (pattern, fix) => {
    expect(allowanceProblem(pattern, NEWEST)).toMatch(fix);
    expect(allowanceProblem(pattern, OLDEST)).toBeDefined();
  });

  it.each(['kernel.domainname', 'user.*', 'user.max_user_namespaces', 'user/max_net_namespaces'])(
    'accepts %s only from kubelet 1.37 on',
    (pattern) => {
      expect(allowanceProblem(pattern, version('1.36.9'))).toMatch(/only from 1\.37 on/u);
      expect(allowanceProblem(pattern, version('1.37.0'))).toBeUndefined();
      expect(allowanceProblem(pattern, version('1.38.0'))).toBeUndefined();
      expect(allowanceProblem(pattern, version('2.0.0'))).toBeUndefined();
      expect(allowanceProblem(pattern, version('1.20.0'))).toBeDefined();
    },
  );

  it('returns a message of one short line without control characters for any item', () => {
    fc.assert(
      fc.property(item, (pattern) => {
        const problem = allowanceProblem(pattern, NEWEST) ?? 'none';
        expect(problem.length).toBeLessThan(1_000);
        expect(problem).not.toMatch(/[\p{C}\u2028\u2029]/u);
      }),
    );
  });

  it('refuses a text of a megabyte by its length, without matching it', () => {
    expect(allowanceProblem('a.'.repeat(500_000), NEWEST)).toMatch(/at most 253/u);
  });
});

describe('normaliseSysctl', () => {
  it.each([
    ['net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ['net.ipv4.conf.eth0/100.forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ['net/core/*', 'net.core.*'],
    ['kernel', 'kernel'],
    ['', ''],
  ])('spells %j as %j', (name, expected) => {
    expect(normaliseSysctl(name)).toBe(expected);
  });

  it('returns a normalised name unchanged', () => {
    fc.assert(
      fc.property(item, (name) => {
        const once = normaliseSysctl(name);
        expect(normaliseSysctl(once)).toBe(once);
      }),
    );
  });
});
