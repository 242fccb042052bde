import { createServer as createHttp } from 'node:http';
import { connect } from 'node:net';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadKubeconfig } from '../../../agent/cluster/kubeconfig/kubeconfig.ts';
import { openKubeconfig } from '../../../agent/cluster/kubeconfig/connections.ts';
import { createTransport, type Transport } from '../../../agent/cluster/http/transport.ts';
import { selfSigned } from '../certificate.ts';
import { faultServer, json, status, type FaultServer } from '../fault-server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Given {
  readonly user?: object;
  readonly cluster?: object;
  readonly file?: string;
  readonly contexts?: readonly string[];
  readonly current?: string;
}

function write(server: string, given: Given = {}): string {
  const { user = {}, cluster = {}, file = 'config', contexts = ['here'], current = 'here' } = given;
  const path = join(folder, file);
  const config = {
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: contexts.map((name) => ({ name, context: { cluster: 'c', user: 'u' } })),
    'current-context': current,
  };
  writeFileSync(path, stringify(config));
  return path;
}

function open(kubeconfig: string, env: Readonly<Record<string, string>> = {}): Transport {
  const access = openKubeconfig(() => loadKubeconfig({ kubeconfig, env }), 'test');
  return createTransport(access.credentials, { connections: access.connections, requestMs: 5000 });
}

async function answering(options: Parameters<typeof faultServer>[0] = {}): Promise<FaultServer> {
  const server = await faultServer(options);
  server.answer(json(200, { ok: true }));
  return server;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const ask = (transport: Transport) => transport.request({ method: 'GET', path: '/version' });

/** A credential plugin that prints what `script` makes of its environment. */
function plugin(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a kubeconfig', () => {
  it('sends its token to a server with a path', async () => {
    await using server = await answering();
    const transport = open(write(`${server.url.href}k8s/clusters/x/`, { user: { token: 'abc' } }));
    expect((await ask(transport)).body).toEqual({ ok: true });
    expect(server.seen[0]).toMatchObject({
      path: '/k8s/clusters/x/version',
      headers: { authorization: 'Bearer abc' },
    });
  });

  it('reads tokenFile relative to its own folder', async () => {
    await using server = await answering();
    writeFileSync(join(folder, 'token'), 'from-file');
    await ask(open(write(server.url.href, { user: { tokenFile: 'token' } })));
    expect(server.seen[0]?.headers.authorization).toBe('Bearer from-file');
  });

  it('trusts only the authority that it names', async () => {
    const tls = selfSigned('api');
    await using server = await answering({ tls });
    const data = Buffer.from(tls.cert).toString('base64');
    const trusting = open(write(server.url.href, { cluster: { 'certificate-authority-data': data } }));
    expect((await ask(trusting)).status).toBe(200);
    await expect(ask(open(write(server.url.href)))).rejects.toThrow(/self-signed/u);
    const insecure = open(write(server.url.href, { cluster: { 'insecure-skip-tls-verify': true } }));
    expect((await ask(insecure)).status).toBe(200);
  });

  it('trusts its authority even when it names no user', async () => {
    const tls = selfSigned('api');
    await using server = await answering({ tls });
    const path = join(folder, 'no-user');
    const cluster = {
      server: server.url.href,
      'certificate-authority-data': Buffer.from(tls.cert).toString('base64'),
    };
    const contexts = [{ name: 'here', context: { cluster: 'c' } }];
    writeFileSync(
      path,
      stringify({ clusters: [{ name: 'c', cluster }], contexts, 'current-context': 'here' }),
    );
    expect((await ask(open(path))).status).toBe(200);
  });

  it.each(['data', 'files'])('sends its client certificate, given as %s', async (how) => {
    const [tls, me] = [selfSigned('api'), selfSigned('jane')];
    const strict = { ...tls, requestCert: true, rejectUnauthorized: true, ca: me.cert };
    await using server = await answering({ tls: strict });
    writeFileSync(join(folder, 'crt'), me.cert);
    writeFileSync(join(folder, 'key'), me.key);
    const user =
      how === 'files'
        ? { 'client-certificate': 'crt', 'client-key': 'key' }
        : { 'client-certificate-data': base64(me.cert), 'client-key-data': base64(me.key) };
    const cluster = { 'certificate-authority-data': base64(tls.cert) };
    expect((await ask(open(write(server.url.href, { user, cluster })))).status).toBe(200);
    await expect(ask(open(write(server.url.href, { cluster })))).rejects.toThrow(/./u);
  });

  it('runs its credential plugin relative to its own folder, with the cluster in the environment', async () => {
    await using server = await answering();
    mkdirSync(join(folder, 'bin'));
    plugin(
      'bin/login',
      `echo "$KUBERNETES_EXEC_INFO" > ${folder}/info\necho '{"kind":"ExecCredential","status":{"token":"from-plugin"}}'`,
    );
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './bin/login',
      provideClusterInfo: true,
    };
    await ask(open(write(server.url.href, { user: { exec } })));
    expect(server.seen[0]?.headers.authorization).toBe('Bearer from-plugin');
    const info: unknown = JSON.parse(readFileSync(join(folder, 'info'), 'utf8'));
    expect(info).toMatchObject({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false, cluster: { server: expect.stringContaining('127.0.0.1') } },
    });
  });

  it('runs its plugin again when the server refuses the credentials', async () => {
    await using server = await faultServer();
    plugin(
      'login',
      `echo x >> ${folder}/runs\necho "{\\"status\\":{\\"token\\":\\"run-$(wc -l < ${folder}/runs | tr -d ' ')\\"}}"`,
    );
    const transport = open(write(server.url.href, { user: { exec: { command: './login' } } }));
    server.answer(json(401, status(401, 'Unauthorized', 'expired')), json(200, {}));
    expect((await ask(transport)).status).toBe(200);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer run-1', 'Bearer run-2']);
  });

  it("reports the plugin's error when the plugin fails", async () => {
    plugin('login', 'echo "please log in" >&2; exit 1');
    const transport = open(write('http://127.0.0.1:1', { user: { exec: { command: './login' } } }));
    await expect(ask(transport)).rejects.toMatchObject({
      name: 'KubeconfigError',
      message: expect.stringMatching(/user "u".*please log in/u),
    });
  });

  it.each(['proxy-url', 'HTTPS_PROXY'])('connects through the proxy of %s', async (from) => {
    const tls = selfSigned('api');
    await using server = await answering({ tls });
    const asked: string[] = [];
    const proxy = createHttp();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const upstream = connect(Number(server.url.port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const address = proxy.address();
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
      const named = from === 'proxy-url' ? { 'proxy-url': url } : {};
      const cluster = { 'insecure-skip-tls-verify': true, 'tls-server-name': 'api', ...named };
      // This machine itself is never asked for through the environment's proxy.
      const target = `https://api.example:${server.url.port}`;
      const env: Record<string, string> = from === 'proxy-url' ? {} : { HTTPS_PROXY: url };
      expect((await ask(open(write(target, { cluster }), env))).status).toBe(200);
      expect(asked).toEqual([`api.example:${server.url.port}`]);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it.each([
    ['no such file', () => join(folder, 'none'), /found no such file/u],
    [
      'invalid YAML',
      () => (writeFileSync(join(folder, 'x'), 'a: ['), join(folder, 'x')),
      /to be a kubeconfig/u,
    ],
    ['an empty file', () => (writeFileSync(join(folder, 'x'), ''), join(folder, 'x')), /current context/u],
    ['no such context', () => write('https://a', { current: 'gone' }), /context "gone".*there are "here"/u],
    ['no server', () => write('nonsense'), /to be a URL/u],
  ])('is refused, and the message names the cause: %s', (_title, path, message) => {
    expect(() => loadKubeconfig({ kubeconfig: path(), env: {} })).toThrow(message);
  });
});
