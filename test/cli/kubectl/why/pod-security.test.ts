import { describe, expect, it } from 'vitest';
import { ENFORCE, podSecurityRefusal } from '../../../../agent/cli/kubectl/why/pod-security.ts';

const LATEST = { major: 1, minor: 37, patch: 0 };
const VERSION = 'pod-security.kubernetes.io/enforce-version';

const refused = (name: string, labels: Readonly<Record<string, string>>): boolean =>
  podSecurityRefusal([name], labels, LATEST) !== undefined;

describe('podSecurityRefusal', () => {
  it.each(['baseline', 'restricted'])('refuses unsafe names alone at the level %s', (level) => {
    const names = ['net.core.somaxconn', 'net.ipv4.tcp_syncookies'];
    expect(podSecurityRefusal(names, { [ENFORCE]: level }, LATEST)).toEqual({
      level,
      sysctls: ['net.core.somaxconn'],
    });
  });

  it.each([{}, { [ENFORCE]: 'privileged' }, { 'pod-security.kubernetes.io/warn': 'baseline' }])(
    'refuses nothing with the labels %j',
    (labels) => {
      expect(refused('net.core.somaxconn', labels)).toBe(false);
    },
  );

  it.each([
    ['net.ipv4.ip_local_reserved_ports', 'v1.26', 'v1.27'],
    ['net.ipv4.tcp_fin_timeout', 'v1.28', 'v1.29'],
    ['net.ipv4.tcp_rmem', 'v1.31', 'v1.32'],
    ['net.ipv4.tcp_notsent_lowat', 'v1.36', 'v1.37'],
  ])('refuses %s at %s and not at %s', (name, before, from) => {
    expect(refused(name, { [ENFORCE]: 'baseline', [VERSION]: before })).toBe(true);
    expect(refused(name, { [ENFORCE]: 'baseline', [VERSION]: from })).toBe(false);
  });

  it("judges by the API server's version with latest, and by the spelling with dots", () => {
    const labels = { [ENFORCE]: 'baseline', [VERSION]: 'latest' };
    expect(podSecurityRefusal(['net.ipv4.tcp_rmem'], labels, { ...LATEST, minor: 31 })).toBeDefined();
    expect(refused('net/ipv4/tcp_syncookies', labels)).toBe(true);
  });
});
