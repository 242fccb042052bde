import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hangUp, json, neverAnswer, status } from '../../../cluster/fault-server.ts';
import { AGENTS, api, LEADING, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls, type Outcome } from '../run.ts';

async function run(answers: Answers, ...args: string[]): Promise<Outcome> {
  await using fake = await api({ policy: POLICY, daemonSets: [AGENTS], lease: LEADING, ...answers });
  return await kubectlSysctls(['status', '--kubeconfig', fake.kubeconfig, ...args]);
}

describe('status', () => {
  it('prints phase, counts, revision and leader', async () => {
    const nodes = [node('node-1'), node('node-2')];
    const { status: code, stdout, stderr } = await run({ nodes });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Rollout +Done/mu);
    expect(stdout).toMatch(/2 of 2 nodes/u);
    expect(stdout).toMatch(/^Policy +Enforce, revision b6b9734149 \(2 nodes\)/mu);
    expect(stdout).toMatch(/^Coordinator +kubelet-sysctl-coordinator-1 leads/mu);
    expect(stdout).not.toContain('Needs attention');
  });

  it('names the nodes that need attention, with their reasons', async () => {
    const nodes = [
      node('node-1'),
      node('node-2', { state: 'Degraded', failed: true, reason: 'It did not start.' }),
    ];
    const { stdout } = await run({ nodes });
    expect(stdout).toMatch(/node-2 +failed\n +.*It did not start\./u);
  });

  it('prints the status as JSON', async () => {
    const { stdout } = await run({ nodes: [node('node-1')] }, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      phase: 'Done',
      nodes: 1,
      counts: { done: 1, failed: 0 },
      revisions: [{ revision: 'b6b9734149', nodes: 1, done: 1 }],
      policy: { valid: true, mode: 'Enforce' },
      coordinator: { present: true, holder: 'kubelet-sysctl-coordinator-1' },
      verdicts: [{ name: 'node-1', standing: 'done' }],
    });
  });

  it('prints the same data as YAML, and the names alone with -o name', async () => {
    const nodes = [node('node-10'), node('node-9', { state: 'Degraded', reason: 'a: "b"\u009b2J' })];
    const [yaml, plain, names] = await Promise.all(
      ['yaml', 'json', 'name'].map((format) => run({ nodes }, '-o', format)),
    );
    const inJson: unknown = JSON.parse(plain?.stdout ?? '', (_key, value) =>
      typeof value === 'string' ? value.replaceAll('\u009b', '') : value,
    );
    expect(parse(yaml?.stdout ?? '')).toEqual(inJson);
    expect(`${yaml?.stdout}${plain?.stdout}`).not.toContain('\u009b');
    expect(names?.stdout).toBe('node/node-9\nnode/node-10\n');
  });

  it('lists every node with -o wide, in numeric order', async () => {
    const { stdout } = await run({ nodes: [node('node-10'), node('node-9')] }, '-o', 'wide');
    expect(stdout).toMatch(/NODE +STATE[^\n]+\nnode-9 +Done[^\n]+\nnode-10 +Done/u);
  });

  it('shows with -o wide that a Done node waits for its turn', async () => {
    const before = { allowedUnsafeSysctls: 'kernel.sem' };
    const nodes = [node('node-1'), node('node-2', {}, before), node('node-3', {}, before)];
    const { stdout } = await run({ nodes }, '-o', 'wide');
    const row = (name: string): string | undefined =>
      stdout.split('\n').findLast((line) => line.startsWith(name));
    expect(row('node-1')).toMatch(/ Done {3,}.* b6b9734149 /u);
    expect(row('node-3')).toMatch(/ Done, waiting .* → b6b9734149 /u);
  });

  it("shows a node that is labelled for the host's own service as one, and nothing that an agent reported before", async () => {
    const labels = { 'kubelet-sysctl-agent/host-service': 'true' };
    const nodes = [
      node('node-1'),
      node('node-2', { labels, failed: true, state: 'Degraded', reason: 'It did not start.' }),
    ];
    const { stdout } = await run({ nodes }, '-o', 'wide');
    expect(stdout).toMatch(/^Rollout +Done/mu);
    expect(stdout).toMatch(/node-2 +held\n +The host's own service/u);
    expect(stdout).toMatch(/^node-2 +host service +\?/mu);
    expect(stdout).not.toContain('It did not start.');
  });

  it("shows a node without an agent as before where the label of the host's own service is not true", async () => {
    const labels = { 'kubelet-sysctl-agent/host-service': 'false' };
    const { stdout } = await run({ nodes: [node('node-1', { labels })] }, '-o', 'wide');
    expect(stdout).toMatch(/^node-1 +Done /mu);
  });

  it('says that the agents wait for approvals and no coordinator leads', async () => {
    const { stdout } = await run({ lease: {} }, '-o', 'json');
    expect(JSON.parse(stdout).coordinator).toMatchObject({ present: false, missing: true });
  });

  it('says that nodes change without approval with rollout: Immediate', async () => {
    const { stdout } = await run({ policy: { ...POLICY, rollout: 'Immediate' }, lease: {} });
    expect(stdout).toMatch(/^Coordinator +none\. rollout: Immediate/mu);
  });

  it('prints every error of a ConfigMap that is not valid', async () => {
    const { status: code, stdout } = await run({ policy: { allowedUnsafeSysctls: 'vm.swappiness' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Rollout +Waiting/mu);
    expect(stdout).toMatch(/allowedUnsafeSysctls, line 1: .*vm\.swappiness/u);
  });

  it('escapes control characters in a reason', async () => {
    const { stdout } = await run({ nodes: [node('node-1', { state: 'Blocked', reason: 'a\u001b[31mb' })] });
    expect(stdout).not.toContain('\u001b');
  });
});

describe('a command that fails', () => {
  it('says that the namespace has no installation', async () => {
    const { stderr } = await failing({ policy: undefined, daemonSets: [] });
    expect(stderr).toMatch(/namespace kubelet-sysctl-agent.*kubectl apply -k/u);
  });

  it('shows the rest without the nodes, names the RBAC rule that the user lacks, and ends with 1', async () => {
    const message =
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope';
    const other = { '/api/v1/nodes': json(403, status(403, 'Forbidden', message)) };
    const { status: code, stdout } = await run({ other });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Rollout +Unknown\.$/mu);
    expect(stdout).toMatch(/^Coordinator +kubelet-sysctl-coordinator-1 leads/mu);
    expect(stdout.replaceAll(/\s+/gu, ' ')).toContain('verb list on nodes');
    expect(stdout).toContain('jane');
    expect(JSON.parse((await run({ other }, '-o', 'json')).stdout)).toMatchObject({
      phase: 'Unknown',
      unread: [{ what: 'nodes' }],
    });
  });

  it('shows the nodes without the policy, and does not say that there is none', async () => {
    const path = '/api/v1/namespaces/kubelet-sysctl-agent/configmaps/kubelet-sysctls';
    const other = { [path]: json(403, status(403, 'Forbidden', 'no')) };
    const { status: code, stdout } = await run({ nodes: [node('node-1')], daemonSets: [], other });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Rollout +Unknown\.\n +1 node$/mu);
    expect(stdout).toMatch(/^Policy +not read$/mu);
  });

  it('shows the status without the Lease when the user may not read it', async () => {
    const forbidden = json(403, status(403, 'Forbidden', 'no'));
    const path =
      '/apis/coordination.k8s.io/v1/namespaces/kubelet-sysctl-agent/leases/kubelet-sysctls-coordinator';
    const { status: code, stdout } = await run({ other: { [path]: forbidden } });
    expect(code).toBe(0);
    expect(stdout).toContain('you may not get leases');
  });

  it('says that the API server rejects the credentials', async () => {
    const refused = json(401, status(401, 'Unauthorized', 'Unauthorized'));
    const { stderr } = await failing({ other: { '/api/v1/nodes': refused } });
    expect(stderr).toMatch(/does not accept your credentials/u);
  });

  it('names the server that does not answer', async () => {
    const { stderr } = await failing(
      { other: { '/api/v1/nodes': neverAnswer } },
      '--request-timeout',
      '100ms',
    );
    expect(stderr).toMatch(/No answer from http:\/\/127\.0\.0\.1:\d+ \(context here\) within 0\.1 s/u);
  });

  it('names the server that closes the connection', async () => {
    const { stderr } = await failing({ other: { '/api/v1/nodes': hangUp } });
    expect(stderr).toMatch(/No connection to http:\/\/127\.0\.0\.1/u);
  });

  it('says that the server is not a Kubernetes API server', async () => {
    const page = json(200, 'a page');
    const { stderr } = await failing({ other: { '/api/v1/nodes': page } });
    expect(stderr).toMatch(/does not answer as a Kubernetes API server/u);
  });

  it.each([
    ['an unknown command', ['stauts']],
    ['an unknown option', ['status', '--verbose']],
    ['an unknown output', ['status', '-o', 'xml']],
    ['a time that is not a time', ['status', '--request-timeout', 'soon']],
  ])('exits with 2 for %s', async (_title, args) => {
    expect(await kubectlSysctls(args)).toMatchObject({ status: 2, stdout: '' });
  });
});

/** Runs `status`, and expects exit code 1 and one line on standard error. */
async function failing(...given: Parameters<typeof run>): Promise<Outcome> {
  const outcome = await run(...given);
  expect(outcome).toMatchObject({ status: 1, stdout: '' });
  expect(outcome.stderr).toMatch(/^error: [^\n]+\n$/u);
  return outcome;
}
