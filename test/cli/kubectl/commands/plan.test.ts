import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { json, status } from '../../../cluster/fault-server.ts';
import { AGENTS, api, LEADING, type Answers } from '../api.ts';
import { node, POLICY } from '../nodes.ts';
import { kubectlSysctls, type Outcome } from '../run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function plan(
  data: Readonly<Record<string, string>>,
  answers: Answers = {},
  ...args: string[]
): Promise<Outcome> {
  const nodes = Array.from({ length: 12 }, (_, at) => node(`node-${at + 1}`));
  await using fake = await api({ policy: POLICY, daemonSets: [AGENTS], lease: LEADING, nodes, ...answers });
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, stringify({ apiVersion: 'v1', kind: 'ConfigMap', data }));
  const outcome = await kubectlSysctls(['plan', '-f', file, '--kubeconfig', fake.kubeconfig, ...args]);
  expect(fake.writes()).toEqual([]);
  return outcome;
}

const pod = (name: string, nodeName: string): object => ({
  metadata: { name, namespace: 'default', uid: name },
  spec: { nodeName, securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } },
  status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
});

const EDIT = { allowedUnsafeSysctls: 'kernel.sem' };

const untimed = (text: string): string => text.replaceAll(/\d+-\d+-\d+T[\d:.]+Z/gu, 'T');

describe('plan --exit-code', () => {
  it.each([
    ['nothing changes', POLICY, {}, 0],
    ['nodes restart their kubelets', EDIT, {}, 1],
    ['the file is not valid', { allowedUnsafeSysctls: 'kernel.*' }, {}, 2],
    [
      'the nodes may not be listed',
      EDIT,
      { other: { '/api/v1/nodes': json(403, status(403, 'F', 'no')) } },
      2,
    ],
  ] as const)('%s: exit code as of kubectl diff', async (_title, data, answers, expected) => {
    const { status: code, stderr } = await plan(data, answers, '--exit-code');
    expect(code).toBe(expected);
    expect(stderr.startsWith('error: ')).toBe(expected === 2 && 'other' in answers);
    expect((await plan(data, answers)).status).toBe(expected === 2 ? 1 : 0);
  });
});

describe('plan', () => {
  it('-o name prints the nodes that would change, also a blocked one, and no other', async () => {
    const nodes = [node('node-1'), node('node-2', { state: 'Unreconcilable' }), node('node-3')];
    const { stdout } = await plan(EDIT, { nodes, pods: [pod('web', 'node-3')] }, '-o', 'name');
    expect(stdout).toBe('node/node-1\nnode/node-3\n');
    expect((await plan(POLICY, { nodes }, '-o', 'name')).stdout).toBe('');
  });

  it('-o yaml prints the same data as -o json', async () => {
    const [yaml, plain] = [await plan(EDIT, {}, '-o', 'yaml'), await plan(EDIT, {}, '-o', 'json')];
    expect(parse(untimed(yaml.stdout))).toEqual(JSON.parse(untimed(plain.stdout)));
  });

  it('groups the nodes by their forecast, and names the pods that block a node', async () => {
    const { status: code, stdout } = await plan(EDIT, { pods: [pod('web', 'node-3')] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^↻ 11 nodes: kubelet restarts/mu);
    expect(stdout).toMatch(
      /^✗ 1 node: .*\n {2}node-3\n {4}node-3 is blocked by default\/web: net\.core\.somaxconn/mu,
    );
    expect(stdout).not.toContain('+ kernel.sem');
  });

  it('lists added and removed sysctls with --diff', async () => {
    const { stdout } = await plan(EDIT, {}, '--diff');
    expect(stdout).toContain('    + kernel.sem\n    − net.core.somaxconn\n');
  });

  it('forecasts the canary first, then at most maxUnavailable nodes at a time', async () => {
    const pace = { ...EDIT, canary: '1', soakSeconds: '60', maxUnavailable: '4' };
    const { stdout } = await plan(pace, {}, '-o', 'json');
    const { order } = JSON.parse(stdout);
    const sizes = order.waves.map(({ nodes }: { nodes: string[] }) => nodes.length);
    expect(sizes).toEqual([1, 4, 4, 3]);
    expect(order.waves.map(({ canaries }: { canaries: boolean }) => canaries)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const [first, second] = order.waves.map(({ at }: { at: string }) => Date.parse(at));
    expect(second - first).toBeGreaterThanOrEqual(60_000);
    expect(order.later).toBe(0);
  });

  it('counts the nodes that follow after the listed waves', async () => {
    const { stdout } = await plan({ ...EDIT, maxUnavailable: '1' });
    expect(stdout).toMatch(
      /1\. node-\d+ \(canary, watched for 60 s\)\n[^]*then 7 more nodes, at most 1 at a time/u,
    );
  });

  it.each([
    ['the policy says Immediate', { ...EDIT, rollout: 'Immediate' }, {}],
    ['the agents do not wait', EDIT, { daemonSets: [{ metadata: {}, spec: {} }] }],
  ])('says that all nodes change at once when %s', async (_title, data, answers) => {
    const { stdout } = await plan(data, answers);
    expect(stdout).toMatch(/every node changes at once/u);
    expect(stdout).not.toContain('Order');
  });

  it('says that no change starts while the policy is paused', async () => {
    const { stdout } = await plan({ ...EDIT, paused: 'true' });
    expect(stdout).toMatch(/^paused: no change starts until/u);
  });

  it('prints a plan without pods, and says so, when the user may not list pods', async () => {
    const other = { '/api/v1/pods': json(403, status(403, 'Forbidden', 'no')) };
    const { status: code, stdout } = await plan(EDIT, { other });
    expect(code).toBe(0);
    expect(stdout).toMatch(/ignores pods that would block a node: you may not list pods/u);
  });

  it('prints a plan when the cluster has no policy yet', async () => {
    expect(await plan(POLICY, { policy: undefined })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('12 nodes: nothing changes'),
    });
  });

  it('refuses a ConfigMap that is not valid, and prints every error', async () => {
    const wrong = { allowedUnsafeSysctls: 'vm.swappiness', canary: 'many' };
    const { status: code, stdout } = await plan(wrong, {}, '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      errors: [{ key: 'allowedUnsafeSysctls' }, { key: 'canary' }],
    });
  });

  it('refuses a missing file', async () => {
    const { status: code, stdout } = await kubectlSysctls(['plan', '-f', join(folder, 'none')]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/none.*could not|can be read/u);
  });

  it('exits with 2 without a file', async () => {
    expect(await kubectlSysctls(['plan'])).toMatchObject({ status: 2 });
  });
});
