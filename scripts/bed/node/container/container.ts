// A node's power: systemd-nspawn is the machine, systemd in it the operating system.

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hierarchies, makeCgroup, removeCgroup } from '../../host/cgroups.ts';
import { inNode } from '../in-node.ts';
import { leaderOf } from './leader.ts';
import { linkName } from '../../network/network.ts';
import { containerdFolder, rootFolder } from './overlay.ts';
import { isAlive, JOIN_AND_BECOME, signal, startDaemon } from '../../host/processes.ts';
import type { ProcessId } from '../../host/processes.ts';
import type { BedRecord, NodeRecord } from '../../lifecycle/record.ts';
import { run } from '../../build/run.ts';
import { until } from '../../util/until.ts';

/** SIGRTMIN+4, on which systemd's PID 1 powers off; Node has no name for it. */
const POWER_OFF = 38;
const NSPAWN = '/run/systemd/nspawn';
const LEADER_TIMEOUT_MS = 20_000;
const BOOT_TIMEOUT_MS = 60_000;

/**
 * With --keep-unit, systemd-nspawn exits with 133 for a reboot and expects its caller to start it again. This loop is outside
 * the node's control groups: v2 allows no process beside groups that have some.
 */
const AGAIN_WHEN_REBOOTED = 'while :; do "$@"; [ $? -eq 133 ] || exit; done';

/** Starts the machine; calls `onSupervisor` with its process before anything else can fail. Resolves when PID 1 is systemd. */
export async function powerOn(
  node: NodeRecord,
  { bridge, cgroups }: Pick<BedRecord, 'bridge' | 'cgroups'>,
  logFolder: string,
  onSupervisor: (id: ProcessId) => void,
): Promise<void> {
  makeCgroup(node.cgroups);
  const logFile = join(logFolder, `${node.spec.name}.log`);
  const supervisor = startDaemon({
    argv: [
      'sh',
      '-c',
      AGAIN_WHEN_REBOOTED,
      'sh',
      'sh',
      '-c',
      JOIN_AND_BECOME,
      'sh',
      ...node.cgroups,
      '--',
      ...nspawn(node, bridge),
    ],
    cgroups,
    logFile,
    env: hierarchies().version === 1 ? { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '0' } : {},
  });
  onSupervisor(supervisor);
  const settled = (): boolean => leaderOf({ supervisor }) !== undefined || !isAlive(supervisor);
  await until(settled, { timeoutMs: LEADER_TIMEOUT_MS, everyMs: 30 });
  if (leaderOf({ supervisor }) === undefined) {
    throw new Error(`Expected the node ${node.spec.name} to boot, but it did not. See ${logFile}.`);
  }
}

/** Resolves when containerd serves and the kubelet has been started, even if it then fails. */
export async function waitForSystem(node: NodeRecord): Promise<void> {
  const show = ['systemctl', 'show', '--property', 'ActiveState', '--value'];
  const booted = async (): Promise<boolean> => {
    const { stdout } = await inNode(node, [...show, 'containerd.service', 'kubelet.service'], {
      reject: false,
    });
    const [containerd, kubelet] = stdout.split('\n').filter(Boolean);
    return containerd === 'active' && kubelet !== undefined && kubelet !== 'inactive';
  };
  if (await until(booted, { timeoutMs: BOOT_TIMEOUT_MS, everyMs: 150 })) return;
  const { stdout } = await inNode(node, ['systemctl', '--no-pager', '--failed'], { reject: false });
  throw new Error(
    `Expected containerd and the kubelet of ${node.spec.name} to run within ${BOOT_TIMEOUT_MS / 1000} s.\n${stdout}`,
  );
}

/** Signals systemd to power off and waits `graceMs`, then kills the machine. Leaves no process and no control group. */
export async function powerOff(node: NodeRecord, graceMs: number): Promise<void> {
  if (graceMs > 0 && signal(leaderOf(node), POWER_OFF)) {
    await until(() => !isAlive(node.supervisor), { timeoutMs: graceMs, everyMs: 50 });
  }
  // The kernel kills every process of a PID namespace with its first one.
  signal(leaderOf(node), 'SIGKILL');
  await until(() => !isAlive(node.supervisor), { timeoutMs: 3000, everyMs: 20 });
  await removeCgroup(node.cgroups);
  await removeTraces(node);
  await run(['ip', 'link', 'delete', linkName(node.machine)], { reject: false });
}

/** Removes what systemd-nspawn leaves when it is killed. */
async function removeTraces(node: NodeRecord): Promise<void> {
  const root = await stat(rootFolder(node.folder)).catch(() => undefined);
  if (root !== undefined) await rm(join(NSPAWN, 'locks', `inode-${root.dev}:${root.ino}`), { force: true });
  await rm(join(NSPAWN, 'propagate', node.machine), { recursive: true, force: true });
}

function nspawn(node: NodeRecord, bridge: string): readonly string[] {
  return [
    'systemd-nspawn',
    '--boot',
    '--quiet',
    // Works without systemd and machined on this machine.
    '--register=no',
    '--keep-unit',
    `--machine=${node.machine}`,
    `--directory=${rootFolder(node.folder)}`,
    `--bind=${containerdFolder(node.folder)}:/var/lib/containerd`,
    `--network-bridge=${bridge}`,
    '--link-journal=no',
    '--resolv-conf=off',
    '--timezone=off',
    '--capability=all',
    '--system-call-filter=@keyring bpf',
  ];
}
