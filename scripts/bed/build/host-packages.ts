// The packages that a bed needs on the machine, and their installation on Debian.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { whyNoGo } from './go.ts';
import type { Log } from '../util/progress.ts';
import { onPath, tool } from './tool.ts';

interface HostPackage {
  readonly name: string;
  /** Exists when the package is installed: a command, or a file by its absolute path. */
  readonly proof: string;
}

const PACKAGES: readonly HostPackage[] = [
  { name: 'mmdebstrap', proof: 'mmdebstrap' },
  { name: 'debian-archive-keyring', proof: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  { name: 'systemd-container', proof: 'systemd-nspawn' },
  { name: 'etcd-server', proof: 'etcd' },
  { name: 'buildah', proof: 'buildah' },
  { name: 'busybox-static', proof: 'busybox' },
  { name: 'openssl', proof: 'openssl' },
  { name: 'iproute2', proof: 'ip' },
  { name: 'iptables', proof: 'iptables' },
  { name: 'util-linux', proof: 'nsenter' },
  { name: 'procps', proof: 'sysctl' },
  { name: 'ca-certificates', proof: '/etc/ssl/certs/ca-certificates.crt' },
  { name: 'gcc', proof: 'cc' },
  { name: 'libc6-dev', proof: '/usr/include/stdlib.h' },
];

/** For nodes that are virtual machines. */
export const VM_PACKAGES: readonly HostPackage[] = [
  { name: 'qemu-system-x86', proof: 'qemu-system-x86_64' },
  { name: 'qemu-utils', proof: 'qemu-img' },
  { name: 'openssh-client', proof: 'ssh' },
  { name: 'e2fsprogs', proof: 'mkfs.ext4' },
];

/** A browser, for the page of the kubectl plugin. */
export const CHROMIUM: HostPackage = { name: 'chromium', proof: '/usr/bin/chromium' };

/** The packages cannot be installed here; the message has the reason and the fix. */
export class HostPackagesError extends Error {
  constructor(missing: readonly HostPackage[], reason: string) {
    const names = missing.map(({ name }) => name).join(' ');
    super(`Expected Debian packages that are missing: ${names}. ${reason}`);
    this.name = 'HostPackagesError';
  }
}

/**
 * Installs the missing Debian packages, and logs which; does nothing when all are installed.
 * Throws a HostPackagesError when root or apt-get is missing, a ToolError when apt-get fails.
 */
export async function ensureHostPackages(
  log: Log,
  packages: readonly HostPackage[] = PACKAGES,
): Promise<void> {
  const missing = missingPackages(packages);
  if (missing.length === 0) return;
  const reason = whyNoInstall();
  if (reason !== undefined) throw new HostPackagesError(missing, reason);
  const names = missing.map(({ name }) => name);
  await log.step(`Installing Debian packages: ${names.join(' ')}`, async (note) => {
    await withoutEtcdService(names, () => install(names, note));
  });
  const still = missingPackages(packages);
  if (still.length > 0)
    throw new HostPackagesError(still, 'apt-get reported success, but they are still missing.');
}

/** Returns why no bed can run on this machine, for a skipped test; undefined when one can, after ensureHostPackages. */
export function whyNoBed(): string | undefined {
  if (process.platform !== 'linux') return `A bed needs Linux, but this machine runs ${process.platform}.`;
  if (process.getuid?.() !== 0) return 'A bed needs root: it starts containers and a network of its own.';
  return whyNoPackages(PACKAGES) ?? whyNoNamespaces() ?? whyNoGo();
}

/** Returns why no virtual machine can be a node here; undefined when one can, after ensureHostPackages. */
export function whyNoVm(): string | undefined {
  if (process.arch !== 'x64')
    return `A virtual machine needs an x86-64 machine, but this one is ${process.arch}.`;
  if (!existsSync('/dev/net/tun'))
    return 'A virtual machine needs /dev/net/tun for its network, which is missing here.';
  return whyNoBed() ?? whyNoPackages(VM_PACKAGES);
}

/** Returns why these packages are missing here and cannot be installed; undefined when they are not, or can. */
export function whyNoPackages(packages: readonly HostPackage[]): string | undefined {
  const missing = missingPackages(packages);
  const reason = missing.length === 0 ? undefined : whyNoInstall();
  return reason === undefined ? undefined : new HostPackagesError(missing, reason).message;
}

function missingPackages(packages: readonly HostPackage[]): HostPackage[] {
  return packages.filter(({ proof }) =>
    proof.startsWith('/') ? !existsSync(proof) : onPath(proof) === undefined,
  );
}

function whyNoInstall(): string | undefined {
  if (onPath('apt-get') === undefined)
    return 'This is not Debian (no apt-get). Install their contents by hand.';
  if (process.getuid?.() !== 0) return 'Run this as root, or install them by hand with apt-get.';
  return undefined;
}

/** Returns why root may not create namespaces, as in many containers. Checked first, since builds take minutes. */
function whyNoNamespaces(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', '--net', 'true'], { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    return `A bed needs mount and network namespaces, but root may not create them here: ${String(error)}`;
  }
}

async function install(names: readonly string[], note: (text: string) => void): Promise<void> {
  const argv = ['install', '--yes', '--no-install-recommends', ...names];
  try {
    await aptGet(['--simulate', ...argv], note);
  } catch {
    note('apt-get update');
    await aptGet(['update'], note);
  }
  try {
    await aptGet(argv, note);
  } catch {
    note('apt-get update: the package lists may be outdated');
    await aptGet(['update'], note);
    await aptGet(argv, note);
  }
}

async function aptGet(argv: readonly string[], note: (text: string) => void): Promise<void> {
  await tool(['apt-get', '--quiet', '--option', 'DPkg::Lock::Timeout=300', ...argv], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    onLine: note,
  });
}

/** Prevents Debian from starting etcd at its installation and at every boot; a bed needs only the program. */
async function withoutEtcdService(names: readonly string[], work: () => Promise<void>): Promise<void> {
  if (!names.includes('etcd-server') || !existsSync('/run/systemd/system')) return work();
  await tool(['systemctl', 'mask', '--runtime', 'etcd.service']);
  try {
    await work();
    await tool(['systemctl', 'disable', 'etcd.service']);
  } finally {
    await tool(['systemctl', 'unmask', '--runtime', 'etcd.service']);
  }
}
