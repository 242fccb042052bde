import { describe, expect, it } from 'vitest';
import { judge } from '../../agent/sysctl/judge.ts';
import { isSafe } from '../../agent/sysctl/safe.ts';
import { SAFE_NAMES } from './safe-names.ts';
import { version } from './versions.ts';

describe('isSafe', () => {
  it.each([
    ['net.ipv4.tcp_rmem', '1.31.14', '6.1', false],
    ['net.ipv4.tcp_rmem', '1.32.0', '6.1', true],
    ['net.ipv4.tcp_rmem', '1.32.0', '4.14.9', false],
    ['net.ipv4.tcp_notsent_lowat', '1.36.3', '6.1', false],
    ['net.ipv4.tcp_notsent_lowat', '1.37.0', '4.6', true],
    ['net.ipv4.tcp_keepalive_time', '1.29.6', '4.4', false],
    ['net.ipv4.tcp_fin_timeout', '1.29.6', '4.5', false],
    ['net.ipv4.ip_unprivileged_port_start', '1.29.6', '3.10', true],
    ['net/ipv4/tcp_syncookies', '1.29.6', '6.1', true],
    ['net.ipv4.tcp_syncookies*', '1.37.2', '6.1', false],
    ['net.core.somaxconn', '1.37.2', '6.1', false],
    ['net.ipv4.tcp_slow_start_after_idle', '1.45.0', '7.0', true],
    ['constructor', '1.37.2', '6.1', false],
  ])('decides whether %s is safe on kubelet %s with kernel %s: %s', (pattern, kubelet, kernel, expected) => {
    expect(isSafe(pattern, version(kubelet), version(kernel))).toBe(expected);
  });

  it('treats an unknown kernel as a new one', () => {
    expect(isSafe('net.ipv4.tcp_rmem', version('1.37.2'), undefined)).toBe(true);
  });

  it('knows ten safe sysctls for kubelet 1.29, twelve for 1.32 and fourteen for 1.37', () => {
    const safe = ['1.29.6', '1.32.0', '1.37.0'].map((kubelet) =>
      SAFE_NAMES.filter((name) => isSafe(name, version(kubelet), undefined)),
    );
    expect(safe).toEqual([SAFE_NAMES.slice(0, 10), SAFE_NAMES.slice(0, 12), SAFE_NAMES]);
  });
});

describe('judge', () => {
  const node = { kubelet: version('1.37.2'), kernel: version('6.1') };

  it('calls an unsafe namespaced name allowed', () => {
    expect(judge('net.core.somaxconn', node)).toMatchObject({
      pattern: 'net.core.somaxconn',
      verdict: 'allowed',
    });
  });

  it('calls a safe name safe and says that it is not needed', () => {
    const { verdict, message } = judge('net.ipv4.ip_unprivileged_port_start', node);
    expect(verdict).toBe('safe');
    expect(message).toMatch(/already safe on this kubelet.*not needed/u);
  });

  it('says which kernel a name needs to be safe when the kernel is too old or not known', () => {
    const old = judge('net.ipv4.tcp_rmem', { ...node, kernel: version('4.14') });
    expect(old).toMatchObject({ verdict: 'allowed', message: expect.stringContaining('Linux 4.15') });
    const unknown = judge('net.ipv4.tcp_rmem', { ...node, kernel: undefined });
    expect(unknown).toMatchObject({ verdict: 'safe', message: expect.stringContaining('Linux 4.15') });
  });

  it('calls an allowance that the kubelet refuses invalid, and says how to fix it', () => {
    const { verdict, message } = judge('kernel.*', node);
    expect(verdict).toBe('invalid');
    expect(message).toMatch(/Name kernel\.sem, kernel\.shm\*/u);
  });
});
