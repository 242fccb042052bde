// The systems that virtual machines run, and how their root file systems differ.

import { NODE_PACKAGES } from '../root-file-system.ts';
import { type NodeSpec, VM_SYSTEMS, type VmSystem } from '../layouts.ts';

export interface SystemRecipe {
  /** The Debian release. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** Shell commands with the root file system as $1. */
  readonly hooks: readonly string[];
  /** Of the kernel's command line. */
  readonly security: string;
}

/** The disk's driver and ext4 are built into the kernels of both releases, so that no initrd is needed. */
const PACKAGES = [...NODE_PACKAGES, 'udev', 'openssh-server', 'linux-image-cloud-amd64', 'e2fsprogs'];
/** What takes time from an emulated boot, and is of use to other machines. */
const LESS = 'rm -f "$1"/boot/initrd* "$1"/etc/systemd/system/*/e2scrub_*';

/** Profiles that containers need. Debian's hundred others are for programs of desktops, and take 20 s of an emulated boot. */
const PROFILES = ['runc', 'crun', 'unprivileged_userns'];
const FEW_PROFILES = `find "$1/etc/apparmor.d" -maxdepth 1 -type f ${PROFILES.map((name) => `! -name ${name}`).join(' ')} -delete`;

/**
 * What Debian's own policy lacks for pods with a token: containerd (dockerd_t) may not relabel the kubelet's volumes
 * (kubernetes_tmpfs_t). Test ground: both are freed as a whole, since the tests are about the agent's domain, spc_t.
 */
const POLICY_FOR_PODS = '(typepermissive dockerd_t) (typepermissive kubelet_t)';
const ADD_POLICY = [
  `echo '${POLICY_FOR_PODS}' >"$1/root/pods.cil"`,
  'chroot "$1" semodule --noreload --install=/root/pods.cil',
  'rm "$1/root/pods.cil"',
];

const WITH_APPARMOR = {
  packages: [...PACKAGES, 'apparmor'],
  hooks: [LESS, FEW_PROFILES],
  security: 'security=apparmor',
};

export const SYSTEMS: Readonly<Record<VmSystem, SystemRecipe>> = {
  debian12: { suite: 'bookworm', ...WITH_APPARMOR },
  debian13: { suite: 'trixie', ...WITH_APPARMOR },
  'debian13-selinux': {
    suite: 'trixie',
    packages: [...PACKAGES, 'selinux-policy-default', 'policycoreutils', 'auditd'],
    hooks: [LESS, ...ADD_POLICY],
    security: 'security=selinux selinux=1 enforcing=1',
  },
};

export const DEFAULT_SYSTEM: VmSystem = 'debian13';

export function systemOf({ system = DEFAULT_SYSTEM }: Pick<NodeSpec, 'system'>): VmSystem {
  return system;
}

/** Returns the system of this name, which `where` has; throws when there is none. */
export function systemNamed(text: string, where: string): VmSystem {
  const system = VM_SYSTEMS.find((each) => each === text);
  if (system !== undefined) return system;
  throw new Error(`Expected ${where} to be one of ${VM_SYSTEMS.join(', ')}, got ${text}`);
}
