// A node that is a virtual machine: what the bed promises of it.

import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bed, type BedNode, startBed } from '../../scripts/bed/bed.ts';
import { whyNoVm } from '../../scripts/bed/build/host-packages.ts';
import { readRecord } from '../../scripts/bed/lifecycle/record.ts';
import { consoleLog } from '../../scripts/bed/util/progress.ts';
import { until } from '../../scripts/bed/util/until.ts';
import { stillThere, tracesOf } from '../e2e/support/bed-traces.ts';

const NAME = `vm-test-${process.pid}`;
const OWNED = `vm-owned-${process.pid}`;
const OWNER = join(import.meta.dirname, '../e2e/support/bed-owner.ts');
const SOON = { timeoutMs: 60_000, everyMs: 200 };
const log = consoleLog();
const why = whyNoVm();

describe.skipIf(why !== undefined)(`a bed whose node is a virtual machine ${why ?? ''}`, () => {
  let bed: Bed;
  let node: BedNode;

  beforeAll(async () => {
    const files = { '/etc/existing/file': 'before the first boot\n' };
    bed = await startBed(
      { name: NAME, nodes: [{ name: 'v1', layout: 'deb-full', machine: 'vm', files }] },
      log,
    );
    node = bed.node('v1');
  });
  afterAll(() => bed.down());

  it('has a Ready node with a kernel, control groups and an AppArmor of its own', async () => {
    const wide = (await bed.kubectl(['get', 'nodes', '--no-headers', '-o', 'wide'])).stdout;
    expect(wide).toMatch(/^v1 +Ready .*trixie.*containerd:\/\/1\.7/u);
    expect((await node.exec(['stat', '-fc', '%T', '/sys/fs/cgroup'])).stdout).toBe('cgroup2fs');
    expect((await node.exec(['aa-enabled'])).stdout).toBe('Yes');
    expect((await node.exec(['systemctl', '--version'])).stdout).toMatch(/^systemd 257 /u);
    expect(await bootOf(node)).not.toBe((await execa('cat', [BOOT_ID])).stdout);
    expect((await node.exec(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
  });

  it("starts its kubelet with the layout's arguments and with pods in slices of systemd", async () => {
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
    const first = await bootOf(node);
    await node.files.write('/etc/mark', 'stays\n');
    await node.reboot();
    const second = await bootOf(node);
    await node.powerOff();
    await node.boot();
    expect(new Set([first, second, await bootOf(node)]).size).toBe(3);
    expect(String(await node.files.read('/etc/mark'))).toBe('stays\n');
  });

  it('leaves nothing on this machine after down', async () => {
    const traces = tracesOf(NAME);
    expect(await stillThere(traces)).toEqual(
      expect.arrayContaining([expect.stringMatching(/\.console$/u), expect.stringMatching(/\.ssh$/u)]),
    );
    await bed.down();
    expect(await stillThere(traces)).toEqual([]);
  });
});

it.skipIf(why !== undefined)(
  'a virtual machine is removed when the process that started it dies',
  async () => {
    const owner = execa(process.execPath, [OWNER, OWNED, 'vm'], { reject: false });
    const boots = (): boolean => readRecord(OWNED)?.nodes[0]?.supervisor !== undefined;
    expect(await until(boots, { timeoutMs: 300_000, everyMs: 200 })).toBe(true);
    const traces = tracesOf(OWNED);
    expect(traces.processes.length).toBeGreaterThan(0);
    owner.kill('SIGKILL');
    await owner;
    await until(async () => (await stillThere(traces)).length === 0, SOON);
    expect(await stillThere(traces)).toEqual([]);
  },
);

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

async function bootOf(node: BedNode): Promise<string> {
  return (await node.exec(['cat', BOOT_ID])).stdout;
}
