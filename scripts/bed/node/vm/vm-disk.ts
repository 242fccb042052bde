// A virtual machine's disks: an overlay of its writes on a disk that all share, and an archive of its own files.

import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, pruneCache } from '../../build/cache.ts';
import { tool } from '../../build/tool.ts';
import type { Image } from '../../images/image-build.ts';
import { FILL } from '../../images/fill-store.ts';
import type { Log } from '../../util/progress.ts';
import type { VmSystem } from '../layouts.ts';
import { LABEL, labelFiles, vmRoot } from './vm-root.ts';

const MAKE = join(import.meta.dirname, 'make-disk.sh');
/** Each takes 1.3 GB. One for each system; the agent's image differs after every edit. */
const DISKS_KEPT = 4;

export interface VmDisk {
  /** A raw disk with an ext4 file system. */
  readonly base: string;
  readonly kernel: string;
  /** The folder of the root file system that the disk was made of. */
  readonly root: string;
}

export interface DiskSpec {
  readonly system: VmSystem;
  /** The kubelet's binary. */
  readonly kubelet: string;
  readonly images: readonly Image[];
}

/** Returns the disk with this system, kubelet and these images. The first call for a set takes some 15 s. */
export async function vmDisk({ system, kubelet, images }: DiskSpec, log: Log): Promise<VmDisk> {
  const root = await vmRoot(system, log);
  const archives = images.map(({ archive }) => archive);
  const folder = await cached(
    'vm-disk',
    [await readFile(MAKE), await readFile(FILL), await readFile(LABEL), root, kubelet, ...archives],
    async (out, note) => {
      const argv = ['sh', MAKE, root, kubelet, FILL, LABEL, out, ...archives];
      await tool(argv, { endsWithUs: 'with its children', onLine: note });
    },
    log,
  );
  await pruneCache('vm-disk', DISKS_KEPT);
  return { base: join(folder, 'base.raw'), kernel: join(folder, 'vmlinuz'), root };
}

/** The disks of one machine, in its folder. */
export interface OwnDisks extends Omit<VmDisk, 'root'> {
  readonly overlay: string;
  readonly files: string;
}

export function ownDisks(nodeFolder: string): OwnDisks {
  const inFolder = (name: string): string => join(nodeFolder, name);
  return {
    base: inFolder('base.raw'),
    kernel: inFolder('vmlinuz'),
    overlay: inFolder('disk.qcow2'),
    files: inFolder('files.tar'),
  };
}

/** Makes a machine's disks; `writeFiles` writes its files below a folder, by their paths on the machine. */
export async function makeOwnDisks(
  nodeFolder: string,
  disk: VmDisk,
  writeFiles: (folder: string) => Promise<void>,
): Promise<void> {
  const own = ownDisks(nodeFolder);
  // Hard links: the cache may remove its own while the machine is there.
  await link(disk.base, own.base);
  await link(disk.kernel, own.kernel);
  await tool(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', own.base, own.overlay]);
  const folder = join(nodeFolder, 'files');
  await mkdir(folder);
  await writeFiles(folder);
  await labelFiles(disk.root, folder);
  await tool([
    'tar',
    '--create',
    '--xattrs',
    '--xattrs-include=security.selinux',
    '--owner=root',
    '--group=root',
    `--file=${own.files}`,
    `--directory=${folder}`,
    '.',
  ]);
  await rm(folder, { recursive: true });
}
