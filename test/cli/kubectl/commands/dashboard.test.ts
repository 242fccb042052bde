import { request } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { Message } from '../../../../agent/cli/kubectl/dashboard/messages.ts';
import { status, json } from '../../../cluster/fault-server.ts';
import { AGENTS, api, LEADING, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { started, type Running } from '../run.ts';

interface Page extends AsyncDisposable {
  readonly url: URL;
  readonly running: Running;
  readonly fake: Awaited<ReturnType<typeof api>>;
  ask(path: string, options?: Ask): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Starts the dashboard of a small cluster; paths are relative to the address that it printed. */
async function page(answers: Answers = {}): Promise<Page> {
  const fake = await api({
    policy: POLICY,
    daemonSets: [AGENTS],
    lease: LEADING,
    nodes: [node('n1'), node('n2')],
    ...answers,
  });
  const running = started(['--kubeconfig', fake.kubeconfig, 'dashboard']);
  const url = new URL(
    await vi.waitFor(
      () => /http:\S+/u.exec(running.stdout.text())?.[0] ?? Promise.reject(new Error('none')),
      {
        timeout: 30_000,
      },
    ),
  );
  const ask = (path: string, options: Ask = {}): Promise<Answer> => asked(new URL(path, url), options);
  return {
    url,
    running,
    fake,
    ask,
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { origin: url.origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      running.interrupt();
      await running.ended;
      await fake[Symbol.asyncDispose]();
    },
  };
}

// fetch always sends the Host of the address.
function asked(url: URL, { method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject).end(body);
  });
}

/** Reads the messages of the stream until `isEnough`. */
async function messages(
  url: URL,
  isEnough: (seen: readonly Message[]) => boolean,
): Promise<readonly Message[]> {
  const response = await fetch(new URL('stream', url));
  const seen: Message[] = [];
  let rest = '';
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (rest + part).split('\n\n');
    rest = parts.pop() ?? '';
    seen.push(...parts.map((text): Message => JSON.parse(text.replace(/^data: /u, ''))));
    if (isEnough(seen)) break;
  }
  return seen;
}

describe('dashboard', () => {
  it('prints one address of 127.0.0.1 with a random token, another one at each start, and ends on Ctrl-C', async () => {
    const addresses: URL[] = [];
    for (let run = 0; run < 2; run += 1) {
      const shown = await page();
      addresses.push(shown.url);
      await shown.ask('');
      await shown[Symbol.asyncDispose]();
      const { status: code, stderr } = await shown.running.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      await expect(shown.ask('')).rejects.toThrow(/ECONNREFUSED|socket hang up/u);
    }
    expect(addresses.map(({ hostname }) => hostname)).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(addresses[0]?.pathname).toMatch(/^\/[\w-]{32}\/$/u);
    expect(addresses[0]?.pathname).not.toBe(addresses[1]?.pathname);
  });

  it('serves page, style and script under a strict policy, from nowhere else, and nothing is stored', async () => {
    await using shown = await page();
    for (const [path, type] of [
      ['', 'text/html'],
      ['style.css', 'text/css'],
      ['page.js', 'text/javascript'],
    ] as const) {
      const { status: code, headers, text } = await shown.ask(path);
      expect([code, headers['content-type']]).toEqual([200, `${type}; charset=utf-8`]);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['x-content-type-options']).toBe('nosniff');
      const csp = String(headers['content-security-policy']);
      expect(csp).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/u);
      expect(csp).not.toContain('unsafe');
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//u);
      expect(text.length).toBeGreaterThan(1000);
    }
  });

  it('refuses a wrong token, another Host, another Origin and other methods, and nothing is written', async () => {
    await using shown = await page();
    const { url } = shown;
    const ask: Page['ask'] = (path, options) => shown.ask(path, options);
    const body = JSON.stringify({ verb: 'pause' });
    const own = { origin: url.origin, 'content-type': 'application/json' };
    const codes = await Promise.all([
      ask('/', {}),
      ask('/0123456789abcdef0123456789abcdef/stream'),
      ask('', { headers: { host: `evil.example:${url.port}` } }),
      ask('stream', { headers: { origin: 'http://evil.example' } }),
      ask('act', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      ask('act', { method: 'POST', headers: { ...own, origin: 'http://evil.example' }, body }),
      ask('act', { method: 'POST', headers: { ...own, 'content-type': 'text/plain' }, body }),
      ask('/act', { method: 'POST', headers: own, body }),
      ask('act', { method: 'PUT', headers: own, body }),
      ask('act'),
      ask('missing'),
    ]);
    expect(codes.map(({ status: code }) => code)).toEqual([
      404, 404, 421, 403, 403, 403, 415, 404, 405, 404, 404,
    ]);
    expect(shown.fake.writes()).toEqual([]);
  });

  it('streams everything once, then only the nodes that changed', async () => {
    await using shown = await page();
    setTimeout(() => shown.fake.emit('/api/v1/nodes', node('n2', { state: 'Degraded', failed: true })), 300);
    const [first, ...later] = await messages(shown.url, (seen) =>
      seen.some(({ head }) => head.counts.failed === 1),
    );
    expect(first).toMatchObject({ isSnapshot: true, head: { phase: 'Done', nodes: 2, context: 'here' } });
    expect(first?.nodes.map(({ name, standing }) => [name, standing])).toEqual([
      ['n1', 'done'],
      ['n2', 'done'],
    ]);
    const last = later.at(-1);
    expect(last).toMatchObject({ isSnapshot: false, nodes: [{ name: 'n2', standing: 'failed' }], gone: [] });
    expect(last?.moments.map(({ title }) => title)).toContain('failed');
    expect(last?.head.attention).toMatchObject([{ standing: 'failed', names: ['n2'] }]);
  });

  it('says that the API server is away, and keeps what was seen last', async () => {
    await using shown = await page();
    shown.fake.server.answer(json(503, status(503, 'ServiceUnavailable', 'away')));
    for (const socket of shown.fake.server.connections) socket.destroy();
    const seen = await messages(shown.url, (all) => all.some(({ head }) => head.trouble !== ''));
    expect(seen.at(-1)?.head.trouble).toMatch(/answered 503|No connection/u);
    expect(seen.at(-1)?.head.nodes).toBe(2);
  });

  it('plans the text of an edit as `plan` does, and writes nothing', async () => {
    await using shown = await page();
    const { text } = JSON.parse((await shown.ask('policy')).text);
    expect(text).toContain('allowedUnsafeSysctls: net.core.somaxconn');
    const edited = text.replace('net.core.somaxconn', 'net.core.somaxconn, kernel.sem');
    const answer = await shown.post('plan', { text: edited });
    const { valid, text: plan } = JSON.parse(answer.text);
    expect([answer.status, valid]).toEqual([200, true]);
    expect(plan).toMatch(
      /2 nodes: kubelet restarts with a new list[^]*n1, n2[^]*\+ kernel\.sem[^]*1\. n1 \(canary/u,
    );
    expect(shown.fake.writes()).toEqual([]);
  });

  it('says why a text is not a valid policy, with its line', async () => {
    await using shown = await page();
    const of = async (text: string): Promise<unknown> =>
      JSON.parse((await shown.post('plan', { text })).text);
    const policy = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-sysctls}\ndata:\n  ';
    expect(await of(`${policy}allowedUnsafeSysctls: vm.swappiness\n`)).toMatchObject({
      valid: false,
      text: expect.stringMatching(/allowedUnsafeSysctls, line 1: .*vm\.swappiness/u),
    });
    expect(await of('a: [')).toMatchObject({ valid: false, text: expect.stringContaining('the text:1') });
  });

  it("writes a node's pause and the rollout's with the words of the commands", async () => {
    await using shown = await page();
    const one = await shown.post('act', { verb: 'pause', node: 'n1' });
    const all = await shown.post('act', { verb: 'resume' });
    expect([one.status, JSON.parse(one.text).text]).toEqual([200, expect.stringMatching(/^Paused: n1/u)]);
    expect([all.status, JSON.parse(all.text).text]).toEqual([
      200,
      expect.stringMatching(/^Resumed: key paused/u),
    ]);
    expect(shown.fake.writes().map(({ path, body }) => [path.split('/').at(-1), JSON.parse(body)])).toEqual([
      ['n1', { metadata: { annotations: { 'kubelet-sysctl-agent/paused': 'true' } } }],
      ['kubelet-sysctls', { data: { paused: null } }],
    ]);
  });

  it.each([
    [{ verb: 'retry', node: 'n1' }, 409, /Expected a failed change on n1, got state Done/u],
    [{ verb: 'pause', node: 'N1 --all' }, 400, /not valid/u],
    [{ verb: 'retry' }, 400, /not valid/u],
    [{ verb: 'delete', node: 'n1' }, 400, /not valid/u],
    ['not an object', 400, /not valid/u],
  ])('refuses the action %j with a sentence, and writes nothing', async (body, code, text) => {
    await using shown = await page();
    const answer = await shown.post('act', body);
    expect([answer.status, JSON.parse(answer.text).text]).toEqual([code, expect.stringMatching(text)]);
    expect(shown.fake.writes()).toEqual([]);
  });

  it('names the RBAC rule that an action lacks', async () => {
    const message =
      'nodes "n1" is forbidden: User "jane" cannot patch resource "nodes" in API group "" at the cluster scope';
    const forbidden = json(403, status(403, 'Forbidden', message));
    await using shown = await page({ other: { 'PATCH /api/v1/nodes/n1': forbidden } });
    const answer = await shown.post('act', { verb: 'pause', node: 'n1' });
    expect([answer.status, JSON.parse(answer.text).text]).toEqual([
      403,
      expect.stringContaining('verb patch on nodes'),
    ]);
  });

  it("shows a node's report and history", async () => {
    await using shown = await page({ nodes: [node('n1', { state: 'Blocked', reason: 'Pod a/b' })] });
    const { facts, history } = JSON.parse((await shown.ask('node?name=n1')).text);
    expect(Object.fromEntries(facts)).toMatchObject({
      Reason: 'Pod a/b',
      Running: 'net.core.somaxconn',
      Kubelet: 'v1.37.2, kernel 6.1.0',
    });
    expect(history).toEqual([]);
    expect((await shown.ask('node?name=missing')).status).toBe(409);
    expect((await shown.ask('node?name=../pods')).status).toBe(400);
  });

  it('refuses a body of more than 4 MiB', async () => {
    await using shown = await page();
    expect((await shown.post('plan', { text: 'x'.repeat(5 * 1024 * 1024) })).status).toBe(413);
  });

  it.each(['70000', '-1', 'http', ''])('exits with 2 for --port %j', async (port) => {
    const { status: code, stderr } = await started(['dashboard', `--port=${port}`]).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining('Expected a port from 0 to 65535')]);
  });

  it('names the port that another program has', async () => {
    await using shown = await page();
    const running = started(['--kubeconfig', shown.fake.kubeconfig, 'dashboard', '--port', shown.url.port]);
    const { status: code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Expected to listen on port \d+ of 127\.0\.0\.1, got .*EADDRINUSE.*--port/u);
  });
});
