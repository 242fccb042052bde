// The checks before a change: when one fails, nothing is changed, and the report says why.

import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeEvents } from '../support/cluster/events.ts';
import { freshNode } from '../support/node/fresh.ts';
import type { Report } from '../../../scripts/node/report.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
/** Longer than a change. */
const LONG_ENOUGH_MS = 3000;
/** The agent checks a full file system every 30 s. */
const CHECKED_AGAIN_MS = 60_000;

describe.concurrent('nothing is changed', () => {
  it('a third time in a file that another program reverts: the file is left alone', async () => {
    const node = await freshNode('n2');
    const theirs = '# Ansible managed\nKUBELET_EXTRA_ARGS=--v=2\n';
    await node.write(theirs);
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const { invocationId } = await node.kubelet();

    await node.write(theirs);
    await node.waitFor({ what: 'have its file healed' }, async () =>
      (await node.text())?.includes(FLAG) === true ? true : undefined,
    );
    await node.awaitDone([NAME]);
    await node.write(theirs);
    const report = await degraded(node);

    expect(report.reason).toContain(`${node.environmentFile}, line 2 no longer has the whole flag`);
    expect(report.reason).toContain(FLAG);
    expect(report.drift).toContain(`missing: ${NAME}`);
    await node.waitFor({ what: 'have an Event that says so' }, async () =>
      (await nodeEvents(node, 'NodeDegraded')).join('\n').includes('no longer has the whole flag')
        ? true
        : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_MS));
    expect(await node.text()).toBe(theirs);
    expect((await node.kubelet()).invocationId).toBe(invocationId);

    await node.write(theirs.replace('--v=2', `--v=2 ${FLAG}`));
    await node.awaitDone([NAME]);
    expect((await node.kubelet()).invocationId).toBe(invocationId);
  });

  it('when the environment file is a link to the null device', async () => {
    const node = await freshNode('n1');
    const link = (target: string): Promise<unknown> => node.exec(['ln', '-sf', target, node.environmentFile]);
    const { invocationId } = await node.kubelet();
    await link('/dev/null');

    await node.setList([NAME]);
    const report = await degraded(node);

    expect(report.reason).toMatch(
      /^Expected \S+ to be a regular file, got a character device.*nothing was changed/u,
    );
    const { stdout } = await node.exec(['stat', '--format=%F %t:%T', '/dev/null']);
    expect(stdout.trim()).toBe('character special file 1:3');
    expect((await node.kubelet()).invocationId).toBe(invocationId);

    await node.remove();
    await node.awaitDone([NAME]);
  });

  it('when the environment file is a FIFO without a writer', async () => {
    const node = await freshNode('n4');
    const before = await node.text();
    await node.remove();
    await node.exec(['mkfifo', node.environmentFile]);

    await node.setList([NAME]);
    expect((await degraded(node)).reason).toContain('to be a regular file, got a FIFO');

    await node.remove();
    if (before !== undefined) await node.write(before);
    await node.awaitDone([NAME]);
  });

  it('while the active kubelet hangs, until it is healthy', async () => {
    const node = await freshNode('n3');
    const before = await node.text();
    await node.exec(['systemctl', 'kill', '--kill-whom=main', '--signal=SIGSTOP', 'kubelet']);
    try {
      await node.setList([NAME]);
      const report = await node.awaitReport({ what: 'be Blocked' }, ({ state }) => state === 'Blocked');
      expect(report.reason).toMatch(/kubelet\.service is active, but does not answer healthz/u);
      expect(await node.text()).toBe(before);
    } finally {
      await node.exec(['systemctl', 'kill', '--kill-whom=main', '--signal=SIGCONT', 'kubelet']);
    }

    await node.awaitDone([NAME]);
  });
});

describe('a file system without room for the change', () => {
  it('prevents the change until there is room', async () => {
    const node = await freshNode('n1');
    const folder = dirname(node.environmentFile);
    const { invocationId } = await node.kubelet();
    await node.exec(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    try {
      await node.setList([NAME]);
      const why = `Expected ${folder} to have 1024 KiB free`;
      await node.awaitReport(
        { what: 'be Blocked for lack of room' },
        ({ state, reason = '' }) => state === 'Blocked' && reason.includes(why),
      );
      expect((await node.exec(['ls', '-A', folder])).stdout).toBe('');
      expect((await node.kubelet()).invocationId).toBe(invocationId);
    } finally {
      await node.exec(['umount', folder]);
    }

    await node.awaitReport({ what: 'be Done', timeoutMs: CHECKED_AGAIN_MS }, ({ state }) => state === 'Done');
    expect(await node.text()).toContain(FLAG);
  });
});

async function degraded(node: TestNode): Promise<Report> {
  return node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');
}
