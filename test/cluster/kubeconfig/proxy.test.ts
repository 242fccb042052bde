import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../agent/cluster/kubeconfig/proxy.ts';

const proxy = (server: string, env: Readonly<Record<string, string>>): string | undefined =>
  proxyFor(new URL(server), env);

describe('proxyFor', () => {
  it.each([
    ['https://api.example:6443', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://api.example:6443', { https_proxy: 'http://p:1' }, 'http://p:1'],
    ['https://api.example:6443', { HTTPS_PROXY: 'p:1' }, 'http://p:1'],
    ['https://api.example:6443', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://api.example', { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://q' }, 'http://p:1'],
    ['https://api.example:6443', { HTTPS_PROXY: '' }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://localhost:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ])('connects to %s with %j through %s', (server, env, expected) => {
    expect(proxy(server, env)).toBe(expected);
  });

  it.each([
    ['*', true],
    ['example', true],
    ['.example', true],
    ['*.example', true],
    ['API.example', true],
    ['api.example:6443', true],
    ['api.example:443', false],
    ['other, api.example', true],
    ['pi.example', false],
    ['10.0.0.0/8', false],
    ['', false],
  ])('decides that NO_PROXY=%s exempts api.example:6443: %s', (noProxy, exempt) => {
    const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: noProxy };
    expect(proxy('https://api.example:6443', env) === undefined).toBe(exempt);
  });

  it.each([
    ['https://10.1.2.3:6443', '10.0.0.0/8', true],
    ['https://11.1.2.3:6443', '10.0.0.0/8', false],
    ['https://10.1.2.3:6443', '10.1.2.3', true],
    ['https://10.1.2.3:6443', '10.0.0.0/99', false],
    ['https://[fd00::5]:6443', 'fd00::/8', true],
    ['https://[fd00::5]:6443', 'fd00::5', true],
    ['https://[fe00::5]:6443', 'fd00::/8', false],
  ])('decides that %s with NO_PROXY=%s is exempt: %s', (server, noProxy, exempt) => {
    expect(proxy(server, { HTTPS_PROXY: 'http://p:1', NO_PROXY: noProxy }) === undefined).toBe(exempt);
  });
});
