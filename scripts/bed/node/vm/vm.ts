// A virtual machine: QEMU, a disk of its own, and a cable to the bed's bridge.

import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureHostPackages, VM_PACKAGES } from '../../build/host-packages.ts';
import { run } from '../../build/run.ts';
import { makeCgroup, removeCgroup } from '../../host/cgroups.ts';
import { isAlive, signal, startDaemon } from '../../host/processes.ts';
import { importArchive } from '../../images/import-archive.ts';
import type { NodeRecord } from '../../lifecycle/record.ts';
import { linkName } from '../../network/addresses.ts';
import { until } from '../../util/until.ts';
import { type Machine, requireOn } from '../machine.ts';
import { writeNodeFiles } from '../node-files.ts';
import { findAccelerator } from './accelerator.ts';
import { bySsh, copyBySsh, keyFile, makeKey, removeConnection } from './ssh.ts';
import { systemOf, SYSTEMS } from './systems.ts';
import { makeOwnDisks, ownDisks, vmDisk } from './vm-disk.ts';
import { vmFiles } from './vm-files.ts';

const MEMORY_MB = 3072;
const PROCESSORS = 2;
const KERNEL_ARGUMENTS = [
  'root=/dev/nvme0n1 rw init=/usr/local/lib/bed/init',
  'console=ttyS0 quiet net.ifnames=0 mitigations=off random.trust_cpu=on',
  // Boots again after a crash. QEMU's emulation may cause one: a processor executes kernel code while another one patches it.
  'panic=1',
  // A root shell on the serial console, which needs no network.
  'systemd.debug_shell=ttyS0',
].join(' ');
const ARCHIVE = '/var/tmp/archive-from-the-bed.tar';

export const vm: Machine = {
  async makeDisk({ node, bed, kubelet, plan }, log) {
    await ensureHostPackages(log, VM_PACKAGES);
    const disk = await vmDisk({ system: systemOf(node.spec), kubelet, images: bed.images }, log);
    await makeKey(node.folder);
    await makeOwnDisks(node.folder, disk, async (folder) => {
      await writeNodeFiles(folder, plan);
      await mkdir(join(folder, '/root/.ssh'), { recursive: true });
      await copyFile(`${keyFile(node.folder)}.pub`, join(folder, '/root/.ssh/authorized_keys'));
    });
    return {
      accelerator: await log.step('Measuring the speed of virtual machines', () =>
        findAccelerator(disk.kernel),
      ),
    };
  },
  async powerOn(node, { bridge }, logFolder, onSupervisor) {
    // QEMU ends with its system when that powers off from within.
    await removeTraces(node);
    makeCgroup(node.cgroups);
    const cable = linkName(node.machine);
    await run(['ip', 'tuntap', 'add', 'dev', cable, 'mode', 'tap']);
    await run(['ip', 'link', 'set', cable, 'master', bridge, 'up']);
    const logFile = join(logFolder, `${node.spec.name}.qemu.log`);
    const argv = qemu(node, join(logFolder, `${node.spec.name}.log`));
    onSupervisor(startDaemon({ argv, cgroups: node.cgroups, logFile }));
  },
  isOn: ({ supervisor }) => isAlive(supervisor),
  async powerOff(node, graceMs) {
    if (graceMs > 0 && vm.isOn(node)) {
      await bySsh(node, ['systemctl', 'poweroff'], { reject: false, timeoutMs: graceMs }).catch(() => {});
      await until(() => !vm.isOn(node), { timeoutMs: graceMs, everyMs: 50 });
    }
    signal(node.supervisor, 'SIGKILL');
    await until(() => !vm.isOn(node), { timeoutMs: 3000, everyMs: 20 });
    await removeTraces(node);
  },
  async exec(node, argv, options) {
    requireOn(vm, node);
    return bySsh(node, argv, options);
  },
  files: (record) =>
    vmFiles({
      exec: (argv, options) => vm.exec(record(), argv, options),
      async copyIn(from, path) {
        requireOn(vm, record());
        await copyBySsh(record(), from, path);
      },
    }),
  async importImage(node, image) {
    const files = vm.files(() => node);
    await files.copyIn(image.archive, ARCHIVE);
    try {
      await importArchive((argv) => vm.exec(node, argv), ARCHIVE, image);
    } finally {
      await files.remove(ARCHIVE);
    }
  },
};

/** Removes what a machine that is off leaves besides its disks. */
async function removeTraces(node: NodeRecord): Promise<void> {
  await removeCgroup(node.cgroups);
  await removeConnection(node);
  await rm(consoleSocket(node.machine), { force: true });
  await run(['ip', 'link', 'delete', linkName(node.machine)], { reject: false });
}

/** Returns the path of a socket that is the machine's serial console, with a root shell: `socat - UNIX-CONNECT:PATH`. */
export function consoleSocket(machine: string): string {
  return `/run/${machine}.console`;
}

function qemu(node: NodeRecord, logFile: string): readonly string[] {
  const disks = ownDisks(node.folder);
  const cable = linkName(node.machine);
  const serial = `path=${consoleSocket(node.machine)},server=on,wait=off,logfile=${logFile},logappend=on`;
  const settings = [
    ['-name', node.machine],
    ['-machine', 'q35,hpet=off,sata=off'],
    ['-smp', String(PROCESSORS)],
    ['-m', String(MEMORY_MB)],
    ['-display', 'none'],
    ['-kernel', disks.kernel],
    ['-append', `${KERNEL_ARGUMENTS} ${SYSTEMS[systemOf(node.spec)].security}`],
    ['-drive', `if=none,id=system,file=${disks.overlay},format=qcow2,cache=writeback`],
    ['-drive', `if=none,id=files,file=${disks.files},format=raw,readonly=on`],
    // The only driver in the kernel itself. Of two such disks, which one is the first would be chance.
    ['-device', 'nvme,drive=system,serial=bed'],
    ['-device', 'virtio-blk-pci,drive=files'],
    ['-netdev', `tap,id=cable,ifname=${cable},script=no,downscript=no`],
    ['-device', `virtio-net-pci,netdev=cable,mac=${macOf(node)},romfile=`],
    ['-device', 'virtio-rng-pci'],
    ['-chardev', `socket,id=console,${serial}`],
    ['-serial', 'chardev:console'],
  ];
  const { qemu: accelerator = [] } = node.accelerator ?? {};
  return ['qemu-system-x86_64', '-nodefaults', '-no-user-config', ...accelerator, ...settings.flat()];
}

/** Unique on the bridge: the last bytes are those of the address. */
function macOf({ address }: NodeRecord): string {
  const bytes = address
    .split('.')
    .slice(1)
    .map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['52', '54', '00', ...bytes].join(':');
}
