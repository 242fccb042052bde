import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually, hangUp } from '../../../cluster/fault-server.ts';
import { AGENTS, api, configMap, LEADING, type Answers, type Api } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { started, type Running } from '../run.ts';

const OLD = { allowedUnsafeSysctls: 'kernel.sem' };

function serve(answers: Answers): Promise<Api> {
  return api({ policy: POLICY, daemonSets: [AGENTS], lease: LEADING, ...answers });
}

function wait(fake: Api, ...args: string[]): Running {
  return started(['wait', '--kubeconfig', fake.kubeconfig, ...args]);
}

const pending = (name: string): object => node(name, { state: 'Pending', applied: OLD });

describe('wait', () => {
  it('exits with 0 when every node is already done', async () => {
    await using fake = await serve({ nodes: [node('node-1')] });
    expect(await wait(fake).ended).toMatchObject({
      status: 0,
      stdout: 'Done: 1 of 1 node done\n',
      stderr: '',
    });
  });

  it('waits until the last node reports Done, and prints the progress', async () => {
    await using fake = await serve({ nodes: [node('node-1'), pending('node-2')] });
    const running = wait(fake);
    await eventually(() => expect(running.stderr.text()).toMatch(/1 of 2 nodes done/u));
    await eventually(() => {
      fake.emit('/api/v1/nodes', node('node-2'));
      expect(running.stdout.text()).toContain('Done: 2 of 2 nodes done');
    });
    expect(await running.ended).toMatchObject({ status: 0 });
  });

  it('continues to wait when the policy is edited meanwhile', async () => {
    await using fake = await serve({ nodes: [pending('node-1')] });
    const running = wait(fake);
    await eventually(() => expect(running.stderr.text()).toMatch(/0 of 1 node done/u));
    await eventually(() => {
      fake.emit('/api/v1/nodes', node('node-1', {}, OLD));
      fake.emit('/api/v1/namespaces/kubelet-sysctl-agent/configmaps', configMap(OLD));
      expect(running.stdout.text()).toContain('Done');
    });
    expect(await running.ended).toMatchObject({ status: 0 });
  });

  it('exits with 3 when the rollout halts, and prints the reason', async () => {
    const failed = node('node-1', {
      state: 'Degraded',
      failed: true,
      applied: OLD,
      reason: 'It did not start.',
    });
    await using fake = await serve({ nodes: [failed, pending('node-2')] });
    const { status, stdout } = await wait(fake).ended;
    expect(status).toBe(3);
    expect(stdout).toMatch(/^Halted: .*\n.*It did not start\./u);
  });

  it('exits with 3 when only failed nodes are left', async () => {
    const failed = node('node-1', { state: 'Degraded', failed: true, applied: OLD });
    const policy = { ...POLICY, failureThreshold: '5' };
    await using fake = await serve({ policy, nodes: [failed, node('node-2')] });
    expect(await wait(fake).ended).toMatchObject({ status: 3 });
  });

  it('says with mode: Restore that nothing of the agents is left, or exits with 1 and names the nodes that keep it', async () => {
    const policy = { ...POLICY, mode: 'Restore' };
    const restored = node('node-1', {}, policy);
    await using fake = await serve({ policy, nodes: [restored] });
    expect(await wait(fake).ended).toMatchObject({
      status: 0,
      stdout: 'Done: 1 of 1 node done\nNothing of the agents is left on any host. They can be deleted now.\n',
    });
    const blocked = node('node-2', { state: 'Blocked', applied: POLICY }, policy);
    await using other = await serve({ policy, nodes: [restored, blocked] });
    const { status, stdout } = await wait(other).ended;
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/would leave the flag .* and \/var\/lib\/kubelet-sysctl-agent on node-2\./u),
    ]);
  });

  it('does not take a node that needed no allowance for restored before its agent says so', async () => {
    const policy = { allowedUnsafeSysctls: 'net.ipv4.ip_unprivileged_port_start', mode: 'Restore' };
    const { mode: _mode, ...before } = policy;
    await using fake = await serve({ policy, nodes: [node('node-1', {}, before)] });
    const { status, stdout } = await wait(fake, '--timeout', '300ms').ended;
    expect([status, stdout]).toEqual([4, expect.stringContaining('0 of 1 node done')]);
  });

  it('says who takes the only place and until when, also at the timeout', async () => {
    const policy = { ...POLICY, maxUnavailable: '1', canary: '0' };
    const notReadySince = new Date(Date.now() - 60_000);
    const away = node('node-1', { notReadySince });
    await using fake = await serve({ policy, nodes: [away, pending('node-2')] });
    const { stdout, stderr } = await wait(fake, '--timeout', '3s').ended;
    const holder =
      /places 1 of 1 taken: node-1 \(not Ready since \S+Z; until it is Ready, at the latest \S+Z\)/u;
    expect(stderr).toMatch(holder);
    expect(stdout).toMatch(holder);
    expect(stdout).toMatch(/about 9 min left/u);
  });

  it('exits with 4 at the timeout', async () => {
    await using fake = await serve({ nodes: [pending('node-1')] });
    const { status, stdout } = await wait(fake, '--timeout', '300ms').ended;
    expect(status).toBe(4);
    expect(stdout).toMatch(/^Not done after/u);
  });

  it.each([
    ['is not valid', { allowedUnsafeSysctls: 'vm.swappiness' }],
    ['does not exist', undefined],
  ])('exits with 1 when the ConfigMap %s', async (_title, policy) => {
    await using fake = await serve({ policy, nodes: [node('node-1')] });
    expect(await wait(fake).ended).toMatchObject({ status: 1 });
  });

  it('exits with 1 when the API server does not answer at the start', async () => {
    await using fake = await serve({ other: { '/api/v1/nodes': hangUp } });
    const { status, stderr } = await wait(fake).ended;
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: No connection to/u);
  });
});

describe('status --watch', () => {
  it('adds a line at every change when standard output is not a terminal', async () => {
    await using fake = await serve({ nodes: [pending('node-1')] });
    const running = started(['status', '-w', '--kubeconfig', fake.kubeconfig]);
    await eventually(() => expect(running.stdout.text()).toMatch(/^\S+Z [^\n]*0 of 1 node done[^\n]*\n$/u));
    await eventually(() => {
      fake.emit('/api/v1/nodes', node('node-1'));
      expect(running.stdout.text()).toMatch(/\n\S+Z Done: 1 of 1 node done\n$/u);
    });
    running.interrupt();
    expect(await running.ended).toMatchObject({ status: 0, stderr: '' });
  });

  it('draws within the size of the terminal, and leaves the last status on the screen', async () => {
    const nodes = Array.from({ length: 40 }, (_, at) =>
      node(`node-${at}`, {
        state: 'Blocked',
        applied: OLD,
        reason: `It waits for pod-${at}. ${'word '.repeat(40)}`,
      }),
    );
    await using fake = await serve({ nodes });
    const running = started(['status', '-w', '--kubeconfig', fake.kubeconfig], {
      terminal: { columns: 60, rows: 20 },
    });
    await eventually(() => expect(running.stdout.text()).toContain('Ctrl-C to quit'));
    running.interrupt();
    const { status, stdout } = await running.ended;
    expect(status).toBe(0);
    const [, frame = ''] = stdout.split('\u001b[H');
    const lines = frame.split('\u001b[J')[0]?.split('\u001b[K\n') ?? [];
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(Math.max(...lines.map((line) => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(60);
    expect(stdout).toMatch(/Needs attention[\s\S]*more nodes; -o wide/u);
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeLessThan(stdout.lastIndexOf('Rollout'));
  });

  it('exits with 2 when --watch is combined with -o', async () => {
    expect(await started(['status', '-w', '-o', 'json']).ended).toMatchObject({ status: 2 });
  });
});
