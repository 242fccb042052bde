// A node that is a virtual machine: what the bed promises of it.

import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Bed, BedNode } from '../../scripts/bed/bed.ts';
import { readRecord } from '../../scripts/bed/lifecycle/record.ts';
import { until } from '../../scripts/bed/util/until.ts';
import { stillThere, tracesOf } from '../e2e/support/bed-traces.ts';
import { machine } from './support/node.ts';

const OWNED = `vm-owned-${process.pid}`;
const OWNER = join(import.meta.dirname, '../e2e/support/bed-owner.ts');
const SOON = { timeoutMs: 60_000, everyMs: 200 };

describe('a node that is a virtual machine', () => {
  it('is Ready with a kernel, control groups and an AppArmor of its own', async () => {
    const { node, bed } = await parts();
    const wide = (await bed.kubectl(['get', 'nodes', '--no-headers', '-o', 'wide'])).stdout;
    expect(wide).toMatch(/^v1 +Ready .*trixie.*containerd:\/\/1\.7/mu);
    expect((await node.exec(['stat', '-fc', '%T', '/sys/fs/cgroup'])).stdout).toBe('cgroup2fs');
    expect((await node.exec(['aa-enabled'])).stdout).toBe('Yes');
    expect((await node.exec(['systemctl', '--version'])).stdout).toMatch(/^systemd 257 /u);
    expect(await bootOf(node)).not.toBe((await execa('cat', [BOOT_ID])).stdout);
    expect((await node.exec(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
  });

  it("starts its kubelet with the layout's arguments and with pods in slices of systemd", async () => {
    const { node } = await parts();
    const { stdout: pid } = await node.exec([
      'systemctl',
      'show',
      '--property=MainPID',
      '--value',
      'kubelet',
    ]);
    const argv = String(await node.files.read(`/proc/${pid}/cmdline`)).split('\0');
    expect(argv).toEqual(expect.arrayContaining(['--node-labels=team=a,zone=b', '--max-pods', '60']));
    expect(String(await node.files.read('/etc/existing/file'))).toBe('before the first boot\n');
    expect(await node.files.names('/sys/fs/cgroup')).toContain('kubepods.slice');
  });

  it('returns the output and the exit status of a command', async () => {
    const { node } = await parts();
    const command = ['sh', '-c', 'cat; printf %s "$1" >&2; exit 3', 'sh', `it's "$HOME"`];
    expect(await node.exec(command, { input: 'in', reject: false })).toEqual({
      stdout: 'in',
      stderr: `it's "$HOME"`,
      exitCode: 3,
    });
    await expect(node.exec(['false'])).rejects.toMatchObject({ argv: ['false'], exitCode: 1 });
    await expect(node.exec(['sleep', '4242'], { timeoutMs: 300 })).rejects.toThrow(/^sleep 4242/u);
    const isGone = async (): Promise<boolean> =>
      (await node.exec(['pgrep', '-f', 'sleep 4242'], { reject: false })).stdout === '';
    expect(await until(isGone, SOON)).toBe(true);
  });

  it('has files to read and to write', async () => {
    const { node } = await parts();
    const { files } = node;
    const bytes = Buffer.from([0, 1, 255, 10, 0xc3, 0x28, 10]);
    const path = `/etc/a new folder/it's`;
    expect(await files.read(path)).toBeUndefined();
    expect(await files.facts(path)).toBeUndefined();
    await files.write(path, bytes, 0o640);
    expect((await files.read(path))?.equals(bytes)).toBe(true);
    const before = await files.facts(path);
    expect(before).toMatchObject({ mode: 0o640, uid: 0, gid: 0 });
    await files.write(path, bytes);
    const after = await files.facts(path);
    expect(after).toMatchObject({ mode: 0o640, inode: before?.inode });
    expect(after?.modifiedNs).toBeGreaterThan(before?.modifiedNs ?? 0n);
    await files.copyIn(OWNER, '/etc/a new folder/copy', 0o755);
    expect((await files.names('/etc/a new folder')).toSorted()).toEqual(['copy', `it's`]);
    expect(await files.facts('/etc/a new folder/copy')).toMatchObject({ mode: 0o755 });
    expect(await files.appears(path, 1000)).toBe(true);
    await files.remove('/etc/a new folder');
    expect(await files.names('/etc/a new folder')).toEqual([]);
    expect(await files.appears(path, 500)).toBe(false);
  });

  it('a power cut loses what was not synced and keeps what was', async () => {
    const { node } = await parts();
    await node.files.write('/etc/kept', 'synced\n');
    await node.exec(['sync']);
    const before = await bootOf(node);
    await node.files.write('/etc/lost', 'only in memory\n');
    await node.kill();
    await expect(node.exec(['true'])).rejects.toThrow(/v1.*off/u);
    await node.boot();
    expect(String(await node.files.read('/etc/kept'))).toBe('synced\n');
    // The name may be on the disk already, since ext4 commits every 5 s; the content is not.
    expect(String((await node.files.read('/etc/lost')) ?? '')).toBe('');
    expect(await bootOf(node)).not.toBe(before);
  });

  it('a reboot, and a shutdown with a later boot, keep the disk', async () => {
    const { node } = await parts();
    const first = await bootOf(node);
    await node.files.write('/etc/mark', 'stays\n');
    await node.reboot();
    const second = await bootOf(node);
    await node.powerOff();
    await node.boot();
    expect(new Set([first, second, await bootOf(node)]).size).toBe(3);
    expect(String(await node.files.read('/etc/mark'))).toBe('stays\n');
  });
});

it('a virtual machine is removed when the process that started it dies', async () => {
  const owner = execa(process.execPath, [OWNER, OWNED, 'vm'], { reject: false });
  try {
    const sockets = [expect.stringMatching(/\.console$/u), expect.stringMatching(/\.ssh$/u)];
    const boots = async (): Promise<boolean> =>
      readRecord(OWNED)?.nodes[0]?.supervisor !== undefined &&
      (await stillThere(tracesOf(OWNED))).some((trace) => trace.endsWith('.ssh'));
    expect(await until(boots, { timeoutMs: 600_000, everyMs: 500 })).toBe(true);
    const traces = tracesOf(OWNED);
    expect(traces.processes.length).toBeGreaterThan(0);
    expect(await stillThere(traces)).toEqual(expect.arrayContaining(sockets));
    owner.kill('SIGKILL');
    await owner;
    await until(async () => (await stillThere(traces)).length === 0, SOON);
    expect(await stillThere(traces)).toEqual([]);
  } finally {
    owner.kill('SIGKILL');
  }
});

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

async function bootOf(node: BedNode): Promise<string> {
  return (await node.exec(['cat', BOOT_ID])).stdout;
}

async function parts(): Promise<{ readonly bed: Bed; readonly node: BedNode }> {
  const { world, bedNode } = await machine();
  return { bed: world.bed, node: bedNode };
}
