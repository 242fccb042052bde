import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../../agent/cli/kubectl/report/redact.ts';

const JWT = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

describe('redactor', () => {
  it.each([
    ['a token of a ServiceAccount', `the token ${JWT} expired`, JWT],
    ['a bearer token', 'Authorization: Bearer abc.def-123456', 'abc.def-123456'],
    ['a password in a flag', '--password=hunter2 --v=2', 'hunter2'],
    ['a password in JSON', '{"dbPassword":"hunter2 and more","x":1}', 'hunter2'],
    ['a password in JSON that is in a text', String.raw`{\"password\":\"hunter2 x\",\"y\":1}`, 'hunter2'],
    ['a password in YAML', 'password: hunter2', 'hunter2'],
    ['an environment variable', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI'],
    ['a user of a URL', 'https://jane:hunter2@example.com/x', 'hunter2'],
    [
      'a private key',
      '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQ\n-----END RSA PRIVATE KEY-----',
      'MIIEow',
    ],
    ['a private key that is cut', '-----BEGIN PRIVATE KEY-----\nMIIEow', 'BEGIN'],
    ['a bootstrap token', 'token: abcdef.0123456789abcdef', '0123456789abcdef'],
    ['an access key', 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
    ['a long hexadecimal key', 'key 0123456789abcdef0123456789abcdef0123456789abcdef', '0123456789abcdef'],
    ['an IPv4 address', 'dial tcp 10.96.0.1:443: refused', '10.96.0.1'],
    ['an IPv4 address at the end of a sentence', 'It is 192.168.1.20.', '192.168.1.20'],
    ['an IPv6 address', 'dial tcp [fd00::1:2]:6443: refused', 'fd00::1:2'],
    ['a whole IPv6 address', 'from 2001:db8:0:0:0:0:2:1 on', '2001:db8'],
    ['a mapped address', 'from ::ffff:10.0.0.1', '10.0.0.1'],
    ['a link-local address with its zone', 'fe80::1%eth0 is up', 'fe80::1'],
    ["an address in a node's name", 'ip-10-0-12-7.eu-west-1.compute.internal', '10-0-12-7'],
  ])('leaves out %s', (_title, text, secret) => {
    expect(redactor()(text)).not.toContain(secret);
  });

  it.each([
    'The kubelet allows net.core.somaxconn and net.ipv4.tcp_keepalive_* since 10:15:30.',
    'kubelet v1.37.2, Linux 6.1.0-13-amd64, revision b6b9734149',
    '2026-11-29T09:30:19.123Z systemd: kubelet.service: Main process exited',
    'key: allowedUnsafeSysctls, line 2',
    `registry.example/kubelet-sysctl-agent@sha256:${'0123456789abcdef'.repeat(4)}`,
    'std::string, node/worker-10-0-pool and web-6d4cf56db6-x2v9q',
  ])('keeps what helps: %s', (text) => {
    expect(redactor()(text)).toBe(text);
  });

  it('gives the same address the same number, and another one another', () => {
    const redact = redactor();
    expect(redact('10.0.0.1 10.0.0.2 10.0.0.1 ip-10-0-0-1')).toBe(
      '[address 1] [address 2] [address 1] ip-[address 1]',
    );
  });

  it('leaves out every IPv4 address, whatever stands before it', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom('', ' ', '=', '/', '"', '(', ','), (address, before) => {
        expect(redactor()(`x${before} ${before}${address}:6443`)).not.toContain(address);
      }),
    );
  });

  it('leaves out every IPv6 address but the unspecified one', () => {
    const addresses = fc.ipV6().filter((address) => address !== '::');
    fc.assert(
      fc.property(addresses, fc.constantFrom(' ', '=', '[', '"', '(', ','), (address, before) => {
        expect(redactor()(`x${before}${address} `)).not.toContain(address);
      }),
    );
  });
});
