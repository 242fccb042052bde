import { describe, expect, it } from 'vitest';
import { INPUT_KEYS } from '../../../../agent/names.ts';
import { hangUp, json, status } from '../../../cluster/fault-server.ts';
import { api, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls } from '../run.ts';

async function run(answers: Answers, ...args: string[]) {
  await using fake = await api({ policy: POLICY, ...answers });
  const outcome = await kubectlSysctls(['--kubeconfig', fake.kubeconfig, ...args]);
  return { ...outcome, writes: fake.writes().map(({ path, body }) => ({ path, body: JSON.parse(body) })) };
}

const CONFIG_MAP = '/api/v1/namespaces/kubelet-sysctl-agent/configmaps/kubelet-sysctls';

describe('pause and resume', () => {
  it.each([
    ['pause', 'true'],
    ['resume', null],
  ])('%s writes only the key paused of the policy', async (command, paused) => {
    const { status: code, stdout, writes } = await run({}, command);
    expect({ code, writes }).toEqual({ code: 0, writes: [{ path: CONFIG_MAP, body: { data: { paused } } }] });
    expect(stdout).toContain('key paused of ConfigMap kubelet-sysctl-agent/kubelet-sysctls');
  });

  it.each([
    ['pause', 'true'],
    ['resume', null],
  ])('%s NODE annotates only that node', async (command, paused) => {
    const { status: code, writes } = await run({ nodes: [node('node-1')] }, command, 'node-1');
    const body = { metadata: { annotations: { [INPUT_KEYS.paused]: paused } } };
    expect({ code, writes }).toEqual({ code: 0, writes: [{ path: '/api/v1/nodes/node-1', body }] });
  });

  it('says that the ConfigMap does not exist', async () => {
    const other = { [CONFIG_MAP]: json(404, status(404, 'NotFound', 'no')) };
    const { status: code, stderr } = await run({ other }, 'pause');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Expected a ConfigMap kubelet-sysctls in namespace kubelet-sysctl-agent/u);
  });

  it('names the RBAC rule that the user lacks', async () => {
    const message =
      'configmaps "kubelet-sysctls" is forbidden: User "jane" cannot patch resource "configmaps" in API group "" in the namespace "kubelet-sysctl-agent"';
    const other = { [CONFIG_MAP]: json(403, status(403, 'Forbidden', message)) };
    const { status: code, stderr } = await run({ other }, 'pause');
    expect(code).toBe(1);
    expect(stderr).toContain('a Role in kubelet-sysctl-agent with verb patch on configmaps');
  });
});

describe('retry', () => {
  it('writes the retry annotation on a node that failed', async () => {
    const { status: code, writes } = await run(
      { nodes: [node('node-1', { state: 'Degraded' })] },
      'retry',
      'node-1',
    );
    expect(code).toBe(0);
    expect(writes).toEqual([
      {
        path: '/api/v1/nodes/node-1',
        body: { metadata: { annotations: { [INPUT_KEYS.retry]: expect.any(String) } } },
      },
    ]);
  });

  it.each([
    ['a node without a failed change', 'node-1', /state Done/u],
    ['a node that does not exist', 'node-2', /found none/u],
  ])('retry refuses %s, and writes nothing', async (_title, name, message) => {
    const other = { '/api/v1/nodes/node-2': json(404, status(404, 'NotFound', 'no')) };
    const { status: code, stderr, writes } = await run({ nodes: [node('node-1')], other }, 'retry', name);
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(stderr).toMatch(message);
  });
});

describe('pause, resume and retry of several nodes', () => {
  const nodes = [node('node-1'), node('node-2'), node('node-3')];
  const gone = { 'PATCH /api/v1/nodes/node-2': json(404, status(404, 'NotFound', 'no')) };

  it('pauses each named node once, also as node/NAME, and prints what was done on each', async () => {
    const { status: code, stdout, writes } = await run({ nodes }, 'pause', 'node-1', 'node/node-3', 'node-1');
    expect(code).toBe(0);
    expect(writes.map(({ path }) => path).toSorted()).toEqual([
      '/api/v1/nodes/node-1',
      '/api/v1/nodes/node-3',
    ]);
    expect(stdout).toContain('Paused: node-1\n');
    expect(stdout).toContain('To resume: kubectl sysctls resume node-1 node-3\n');
  });

  it('does the other nodes when one fails, names the failure, and ends with 1', async () => {
    const names = ['node-1', 'node-2', 'node-3'];
    const { status: code, stdout, stderr } = await run({ nodes, other: gone }, 'resume', ...names);
    expect(code).toBe(1);
    expect(stdout.trimEnd().split('\n').toSorted()).toEqual(['Resumed: node-1', 'Resumed: node-3']);
    expect(stderr).toMatch(/^error: node-2: Expected a node node-2, found none[^\n]*\n$/u);
  });

  it('passes the selector to the API server, and retries only the nodes that failed', async () => {
    const failed = node('node-4', { state: 'Degraded', failed: true });
    await using fake = await api({ policy: POLICY, nodes: [...nodes, failed] });
    const outcome = await kubectlSysctls(['retry', '-l', 'pool=a', '--kubeconfig', fake.kubeconfig]);
    expect(outcome.status).toBe(0);
    expect(fake.server.seen.map(({ query }) => query.get('labelSelector'))).toContain('pool=a');
    expect(fake.writes().map(({ path }) => path)).toEqual(['/api/v1/nodes/node-4']);
    expect(outcome.stdout).toContain('Nothing to retry: node-1 (Done)\n');
    expect(outcome.stdout).toContain('Retry requested: node-4.');
  });

  it('reports a selector that no node has, and writes nothing', async () => {
    const { status: code, stderr, writes } = await run({ nodes: [] }, 'pause', '-l', 'pool=none');
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(stderr).toContain('Expected nodes with pool=none, found none');
  });

  it.each([
    ['a regular expression', ['pause', 'node-.*']],
    ['a wildcard', ['retry', 'node-1', 'node-*']],
    ['an empty name, as of a variable that is not set', ['pause', '']],
    ['an empty selector, which the API server takes for all nodes', ['pause', '-l', '']],
    ['a selector beside names', ['resume', 'node-1', '-l', 'pool=a']],
    ['a retry of no node', ['retry']],
    ['an unknown strategy of a dry run', ['pause', 'node-1', '--dry-run', 'client']],
  ])('refuses %s as wrong usage, and writes nothing', async (_title, args) => {
    const { status: code, stderr, writes } = await run({ nodes }, ...args);
    expect({ code, writes }).toEqual({ code: 2, writes: [] });
    expect(stderr).toMatch(/^error: /u);
  });

  it('does not try the other nodes when the API server stops to answer', async () => {
    const many = Array.from({ length: 50 }, (_, at) => `n-${at}`);
    const other = Object.fromEntries(many.map((name) => [`PATCH /api/v1/nodes/${name}`, hangUp]));
    const { status: code, stderr, writes } = await run({ other }, 'pause', ...many);
    expect(code).toBe(1);
    expect(writes.length).toBeLessThan(20);
    expect(stderr).toMatch(/more nodes not tried: n-/u);
  });

  it.each([
    [['pause']],
    [['pause', 'node-1', 'node-2']],
    [['resume', '-l', 'pool=a']],
    [['retry', 'node-4']],
  ])('%j --dry-run=server sends each write as a dry run and says so', async (args) => {
    const failed = node('node-4', { state: 'Degraded', failed: true });
    await using fake = await api({ policy: POLICY, nodes: [...nodes, failed] });
    const { status: code, stdout } = await kubectlSysctls([
      ...args,
      '--dry-run=server',
      '--kubeconfig',
      fake.kubeconfig,
    ]);
    expect(code).toBe(0);
    expect(fake.writes().length).toBeGreaterThan(0);
    expect(fake.writes().filter(({ query }) => query.get('dryRun') !== 'All')).toEqual([]);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.includes('(server dry run)')),
    ).toEqual([]);
  });
});

describe('--as and --as-group', () => {
  it('impersonate the user and all groups in every request, also in the streams', async () => {
    await using fake = await api({
      policy: { ...POLICY, paused: 'true' },
      nodes: [node('node-1', { applied: { allowedUnsafeSysctls: 'kernel.sem' } })],
    });
    const as = ['--as', 'jané', '--as-group', 'one', '--as-group', 'two', '--kubeconfig', fake.kubeconfig];
    expect((await kubectlSysctls(['pause', 'node-1', ...as])).status).toBe(0);
    expect((await kubectlSysctls(['wait', '--timeout', '1s', ...as])).status).toBe(4);
    const seen = fake.server.seen.map(({ headers }) => [
      Buffer.from(String(headers['impersonate-user']), 'latin1').toString(),
      headers['impersonate-group'],
    ]);
    expect(fake.server.seen.some(({ query }) => query.has('watch'))).toBe(true);
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(new Set(['["jané","one, two"]']));
  });

  it.each([[['--as-group', 'one']], [['--as', 'a\nb']], [['--as', '']]])(
    '%j alone is wrong usage',
    async (args) => {
      const { status: code, writes } = await run({}, 'pause', ...args);
      expect({ code, writes }).toEqual({ code: 2, writes: [] });
    },
  );

  it('without them no request impersonates', async () => {
    await using fake = await api({ policy: POLICY });
    await kubectlSysctls(['pause', '--kubeconfig', fake.kubeconfig]);
    expect(fake.server.seen.map(({ headers }) => headers['impersonate-user'])).toEqual([undefined]);
  });
});
