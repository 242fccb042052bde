// kubectl sysctls, the built plugin, found by the real kubectl.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PastChange } from '../../../agent/report/past-change.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { type Outcome, run } from '../../../scripts/bed/build/run.ts';
import { shellEnvironment } from '../../../scripts/kubernetes/shell.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../../scripts/node/faulty-kubelet.ts';
import { policyEventsSoFar } from '../support/cluster/events.ts';
import { type Fleet, fleetOf } from '../support/cluster/fleet.ts';
import { policyNow } from '../../../scripts/node/policy.ts';
import { testNode } from '../../../scripts/node/test-node.ts';

const [ONE, TWO] = ['n1', 'n2'] as const;
const FIRST = ['net.core.somaxconn'];
const SECOND = ['net.core.somaxconn', 'net.core.wmem_max'];
/** No soak, since this file does not test it. */
const PACE = { soakSeconds: '0' };
/** Exit codes of wait. */
const [HALTED, TIME_IS_UP] = [3, 4];

let fleet: Fleet;
let folder: string;
let shell: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2e-plugin-'));
  fleet = await fleetOf([ONE, TWO]);
  shell = await shellEnvironment(fleet.world.bed, folder, silent);
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('kubectl sysctls', () => {
  it('pauses the rollout, reports the pause, times out in wait, and resumes the rollout', async () => {
    await sysctls('pause');
    await fleet.setList(FIRST, PACE);
    await testNode(fleet.world, ONE).awaitReport({ what: 'be paused' }, (report) => wants(report, FIRST));
    expect((await policyNow(fleet.world))?.['paused']).toBe('true');
    expect(await status()).toMatchObject({ phase: 'Paused', policy: { valid: true, paused: true } });
    expect((await sysctls('wait', '--timeout', '2s')).exitCode).toBe(TIME_IS_UP);

    await sysctls('resume');
    expect((await policyNow(fleet.world))?.['paused']).toBeUndefined();
    expect((await sysctls('wait', '--timeout', '60s')).exitCode).toBe(0);
    expect(await status()).toMatchObject({
      phase: 'Done',
      nodes: fleet.world.bed.nodes.length,
      counts: { waiting: 0, changing: 0, failed: 0 },
      coordinator: { present: true, missing: false },
    });
    await fleet.awaitDone(FIRST, 0);
  });

  it('pauses and resumes one node', async () => {
    const node = testNode(fleet.world, TWO);
    await sysctls('pause', TWO);
    await fleet.setList(SECOND, PACE);
    await testNode(fleet.world, ONE).awaitDone(SECOND);
    const report = await node.awaitReport({ what: 'be left alone' }, (seen) => wants(seen, SECOND));
    expect(report).toMatchObject({ state: 'Observing', running: FIRST.join() });
    expect(report.reason).toContain('paused');

    await sysctls('resume', TWO);
    await node.awaitDone(SECOND);
  });

  it('reports which node halts the rollout, and requests its retry', async () => {
    const node = testNode(fleet.world, TWO);
    await fleet.setList(FIRST, PACE);
    await fleet.awaitDone(FIRST, 0);
    await useFaultyKubelet(node);
    await refuse(node, { names: SECOND });
    await node.awaitDone(FIRST);

    const told = await policyEventsSoFar(fleet.world);
    const from = await fleet.setList(SECOND, PACE);
    await fleet.awaitPhase('Halted', from);
    const halted = await sysctls('wait', '--timeout', '30s');
    expect([halted.exitCode, halted.stdout]).toEqual([HALTED, expect.stringContaining(TWO)]);
    expect(await status()).toMatchObject({
      phase: 'Halted',
      attention: [{ name: TWO, standing: 'failed' }, {}],
    });

    await refuseNothing(node);
    await sysctls('retry', TWO);
    await node.awaitDone(SECOND);
    expect((await sysctls('wait', '--timeout', '30s')).exitCode).toBe(0);
    await fleet.awaitPhase('Done', from);
    const reasons = (await told.more()).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['RolloutHalted', 'RolloutResumed', 'RolloutDone']));
  });

  it("prints a node's last changes from its annotation: the rollback, then the retry that succeeded", async () => {
    const { exitCode, stdout } = await sysctls('history', TWO, '-o', 'json');
    const { changes }: { readonly changes: readonly PastChange[] } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(changes.slice(-2)).toMatchObject([
      { result: 'RolledBack', from: FIRST, to: SECOND, why: expect.stringContaining('kubelet') },
      { result: 'Done', from: FIRST, to: SECOND },
    ]);
    expect(changes.length).toBeLessThanOrEqual(5);

    const text = await sysctls('history', TWO);
    expect(text.exitCode).toBe(0);
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(1 + changes.length);
  });

  it('refuses unknown arguments with one sentence', async () => {
    const { exitCode, stderr } = await sysctls('retry', 'no-such-node');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: Expected a node no-such-node, found none/u);
    expect(stderr).not.toContain('    at ');
  });
});

function sysctls(...args: readonly string[]): Promise<Outcome> {
  return run(['kubectl', 'sysctls', ...args], { reject: false, timeoutMs: 90_000 }, shell);
}

async function status(): Promise<unknown> {
  const { stdout } = await sysctls('status', '-o', 'json');
  return JSON.parse(stdout);
}

function wants({ desired }: { readonly desired?: string }, names: readonly string[]): boolean {
  return desired === names.join();
}
