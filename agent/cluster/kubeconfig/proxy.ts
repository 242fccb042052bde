// Selects the proxy for a server from the environment. Mirrors golang.org/x/net/http/httpproxy, which kubectl uses.

import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The URL of the proxy; undefined for a direct connection. HTTPS_PROXY or HTTP_PROXY by the server's scheme, in upper or lower case,
 * except for the hosts that NO_PROXY names and for the local host.
 */
export function proxyFor(server: URL, env: Environment): string | undefined {
  const host = server.hostname.replace(/^\[(.*)\]$/u, '$1');
  const named = server.protocol === 'https:' ? valueOf(env, 'HTTPS_PROXY') : valueOf(env, 'HTTP_PROXY');
  if (named === undefined || isThisMachine(host) || isExempt(host, portOf(server), env)) return undefined;
  return named.includes('://') ? named : `http://${named}`;
}

function valueOf(env: Environment, name: string): string | undefined {
  return [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== '');
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/u.test(host);
}

function isExempt(host: string, port: string, env: Environment): boolean {
  const entries = (valueOf(env, 'NO_PROXY') ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry !== '' && (entry === '*' || matches(entry, host, port)));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return isInside(entry, host);
  const [, name = entry, wanted = port] = /^(.+?|\[.+\]):(\d+)$/u.exec(isIP(entry) === 6 ? '' : entry) ?? [];
  if (wanted !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/u, '$1').replace(/^\*(?=\.)/u, '');
  // `example.org` is the name itself and all below it, `.example.org` only those below.
  return bare === host || host.endsWith(bare.startsWith('.') ? bare : `.${bare}`);
}

function isInside(range: string, host: string): boolean {
  const [network = '', prefix = ''] = range.split('/');
  const [family, own] = [isIP(network), isIP(host)];
  if (
    family === 0 ||
    family !== own ||
    !/^\d+$/u.test(prefix) ||
    Number(prefix) > (family === 4 ? 32 : 128)
  ) {
    return false;
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
}

function portOf(server: URL): string {
  if (server.port !== '') return server.port;
  return server.protocol === 'https:' ? '443' : '80';
}
