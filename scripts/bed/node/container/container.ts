// A container: systemd-nspawn is the machine, systemd in it the operating system.

import { copyFile, link, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hierarchies, makeCgroup, removeCgroup } from '../../host/cgroups.ts';
import { imageStore, seedImages } from '../../images/image-store.ts';
import { importArchive } from '../../images/import-archive.ts';
import { linkName } from '../../network/addresses.ts';
import type { Machine } from '../machine.ts';
import { writeNodeFiles } from '../node-files.ts';
import { rootFileSystem } from '../root-file-system.ts';
import { containerFiles } from './container-files.ts';
import { inContainer } from './in-container.ts';
import { leaderOf } from './leader.ts';
import { containerdFolder, mountRoot, rootFolder } from './overlay.ts';
import { isAlive, JOIN_AND_BECOME, signal, startDaemon } from '../../host/processes.ts';
import type { NodeRecord } from '../../lifecycle/record.ts';
import { run } from '../../build/run.ts';
import { until } from '../../util/until.ts';

/** SIGRTMIN+4, on which systemd's PID 1 powers off; Node has no name for it. */
const POWER_OFF = 38;
const NSPAWN = '/run/systemd/nspawn';
const LEADER_TIMEOUT_MS = 20_000;
/** A name that no folder of containerd has. */
const ARCHIVE = 'archive-from-the-bed.tar';

/**
 * With --keep-unit, systemd-nspawn exits with 133 for a reboot and expects its caller to start it again. This loop is outside
 * the node's control groups: v2 allows no process beside groups that have some.
 */
const AGAIN_WHEN_REBOOTED = 'while :; do "$@"; [ $? -eq 133 ] || exit; done';

export const container: Machine = {
  async makeDisk({ node, bed, kubelet, plan }, log) {
    await mountRoot(node.folder, await rootFileSystem(log));
    const root = rootFolder(node.folder);
    await copyFile(kubelet, join(root, '/usr/bin/kubelet'));
    await writeNodeFiles(root, plan);
    await seedImages(containerdFolder(node.folder), await imageStore(bed.images, log));
    return {};
  },
  powerOn,
  isOn: (node) => leaderOf(node) !== undefined,
  powerOff,
  exec: async (node, argv, options) => inContainer(node, argv, options),
  files: (record) =>
    containerFiles((path) => {
      const leader = leaderOf(record());
      const root = leader === undefined ? rootFolder(record().folder) : `/proc/${leader.pid}/root`;
      return `${root}${path}`;
    }),
  async importImage(node, image) {
    // A hard link is possible: beds and images are on the cache's file system.
    const linked = join(containerdFolder(node.folder), ARCHIVE);
    await link(image.archive, linked);
    try {
      await importArchive((argv) => inContainer(node, argv), `/var/lib/containerd/${ARCHIVE}`, image);
    } finally {
      await rm(linked, { force: true });
    }
  },
};

/** Resolves when PID 1 is systemd. */
async function powerOn(
  ...[node, { bridge, cgroups }, logFolder, onSupervisor]: Parameters<Machine['powerOn']>
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

async function powerOff(node: NodeRecord, graceMs: number): Promise<void> {
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
