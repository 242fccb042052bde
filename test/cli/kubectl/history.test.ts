import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubeconfigText } from './api.ts';
import { execServer, STATUS, STDERR, STDOUT, type ExecServer, type Said } from './exec-server.ts';
import { kubectlSysctls, type Outcome } from './run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const pod = (name: string, phase: string): object => ({ metadata: { name }, status: { phase } });
const PODS = [pod('old', 'Failed'), pod('agent-x', 'Running')];
const SUCCESS: Said = [STATUS, JSON.stringify({ status: 'Success' })];

function history(server: ExecServer, ...args: string[]): Promise<Outcome> {
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigText(server.url));
  return kubectlSysctls(['history', '--kubeconfig', kubeconfig, ...args]);
}

describe('history', { timeout: 10_000 }, () => {
  it('prints what the agent on that node prints', async () => {
    await using server = await execServer(PODS, [[STDOUT, 'TIME  '], [STDOUT, 'RESULT\n'], SUCCESS]);
    expect(await history(server, 'node-1')).toEqual({ status: 0, stdout: 'TIME  RESULT\n', stderr: '' });
    const [pods, exec] = server.asked;
    expect(pods?.searchParams.get('fieldSelector')).toBe('spec.nodeName=node-1');
    expect(exec?.pathname).toBe('/api/v1/namespaces/kubelet-sysctl-agent/pods/agent-x/exec');
    expect(exec?.searchParams.getAll('command')).toEqual([
      'node',
      '/app/kubelet-sysctls.mjs',
      'history',
      '--output',
      'text',
    ]);
  });

  it('asks for JSON with -o json', async () => {
    await using server = await execServer(PODS, [[STDOUT, '{}\n'], SUCCESS]);
    expect(await history(server, 'node-1', '-o', 'json')).toMatchObject({ status: 0, stdout: '{}\n' });
    expect(server.asked[1]?.searchParams.getAll('command').at(-1)).toBe('json');
  });

  it('lets nothing of a node steer the terminal', async () => {
    await using server = await execServer(PODS, [[STDOUT, 'a\u001b[2Jb\n'], SUCCESS]);
    expect(await history(server, 'node-1')).toMatchObject({ stdout: 'ab\n' });
  });

  it('tells what the agent says when it has none', async () => {
    const causes = [{ reason: 'ExitCode', message: '1' }];
    const failure = { status: 'Failure', message: 'exit code 1', details: { causes } };
    await using server = await execServer(PODS, [
      [STDERR, 'no agent has changed it yet\n'],
      [STATUS, JSON.stringify(failure)],
    ]);
    const { status, stdout, stderr } = await history(server, 'node-1');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error: The agent on node-1 .*no agent has changed it yet\n$/u);
  });

  it('says that no agent runs there', async () => {
    await using server = await execServer([pod('old', 'Failed')], []);
    expect(await history(server, 'node-1')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/agent that runs on node-1, found none/u),
    });
  });

  it('says which rule is missing', async () => {
    await using server = await execServer(PODS, 403);
    expect(await history(server, 'node-1')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('verbs get and create on pods/exec'),
    });
  });

  it('does not wait for ever', async () => {
    await using server = await execServer(PODS, []);
    expect(await history(server, 'node-1', '--request-timeout', '300ms')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/did not end within 0\.3 s/u),
    });
  });

  it('says that the connection was cut', async () => {
    await using server = await execServer(PODS, [[STDOUT, 'half']]);
    expect(await history(server, 'node-1')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('closed before its end'),
    });
  });
});
