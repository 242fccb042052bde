// The Debian that virtual machines boot: as a container's, and a kernel, AppArmor and a way in.

import { join } from 'node:path';
import { cached } from '../../build/cache.ts';
import type { Log } from '../../util/progress.ts';
import { LEFT_OUT, makeDebian, NODE_PACKAGES } from '../root-file-system.ts';

const SUITE = 'trixie';
const PACKAGES = [...NODE_PACKAGES, 'udev', 'apparmor', 'openssh-server', 'linux-image-cloud-amd64'];
/** Profiles that containers need. Debian's hundred others are for programs of desktops, and take 20 s of an emulated boot. */
const PROFILES = ['runc', 'crun', 'unprivileged_userns'];
const HOOKS = [
  // The disk's driver and ext4 are built into this kernel.
  'rm -f "$1"/boot/initrd*',
  `find "$1/etc/apparmor.d" -maxdepth 1 -type f ${PROFILES.map((name) => `! -name ${name}`).join(' ')} -delete`,
];

/** Returns the folder of the root file system, with a kernel in boot/. The first call takes about a minute. */
export async function vmRoot(log: Log): Promise<string> {
  const folder = await cached(
    'vm-root-file-system',
    ['vm root 1', process.arch, SUITE, ...PACKAGES, ...LEFT_OUT, ...HOOKS],
    (out, note) =>
      makeDebian({ suite: SUITE, packages: PACKAGES, hooks: HOOKS, target: join(out, 'root') }, note),
    log,
  );
  return join(folder, 'root');
}
