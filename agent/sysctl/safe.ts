// Sysctls that every pod may set without an allowance. Mirrors safeSysctls in kubernetes
// pkg/kubelet/sysctl/safe_sysctls.go and the kernel versions of pkg/util/kernel/constants.go, 1.29.6 to 1.37.2.

import { normaliseSysctl } from './normalise.ts';
import { compareVersions, isAtLeast, type Version } from './version.ts';

export interface SafeSysctl {
  /** The oldest minor version of kubelet 1 for which it is safe; 0: every one. */
  readonly kubelet: number;
  /** The oldest kernel in which it is namespaced; undefined when it is in every supported one. */
  readonly kernel: Version | undefined;
}

const SAFE: ReadonlyMap<string, SafeSysctl> = new Map([
  ['kernel.shm_rmid_forced', since(0)],
  ['net.ipv4.ip_local_port_range', since(0)],
  ['net.ipv4.tcp_syncookies', since(0)],
  ['net.ipv4.ping_group_range', since(0)],
  ['net.ipv4.ip_unprivileged_port_start', since(0)],
  ['net.ipv4.ip_local_reserved_ports', since(0, 3, 16)],
  ['net.ipv4.tcp_keepalive_time', since(0, 4, 5)],
  ['net.ipv4.tcp_keepalive_intvl', since(0, 4, 5)],
  ['net.ipv4.tcp_keepalive_probes', since(0, 4, 5)],
  ['net.ipv4.tcp_fin_timeout', since(0, 4, 6)],
  ['net.ipv4.tcp_rmem', since(32, 4, 15)],
  ['net.ipv4.tcp_wmem', since(32, 4, 15)],
  ['net.ipv4.tcp_slow_start_after_idle', since(37, 4, 15)],
  ['net.ipv4.tcp_notsent_lowat', since(37, 4, 6)],
]);

/**
 * True when the kubelet lets pods set `pattern` without an allowance; false for every pattern with `*`, which covers more
 * than one safe name. Kubelets older than 1.29 are treated as 1.29, newer ones than 1.37 as 1.37, and an unknown kernel as
 * new enough.
 */
export function isSafe(pattern: string, kubelet: Version, kernel: Version | undefined): boolean {
  const known = safeOn(pattern, kubelet);
  return known !== undefined && (kernel === undefined || isNewEnough(kernel, known.kernel));
}

/** Returns the oldest kernel with which `pattern` is safe on this kubelet; undefined for none, and for every kernel. */
export function kernelNeededBy(pattern: string, kubelet: Version): Version | undefined {
  return safeOn(pattern, kubelet)?.kernel;
}

/** Returns every name that is safe on some kubelet, in bytewise order. */
export function safeNames(): readonly string[] {
  return [...SAFE.keys()].toSorted();
}

/** Returns from which kubelet and kernel on the name is safe; undefined when it is safe with none. */
export function safeSince(name: string): SafeSysctl | undefined {
  return SAFE.get(normaliseSysctl(name));
}

function safeOn(pattern: string, kubelet: Version): SafeSysctl | undefined {
  const known = SAFE.get(normaliseSysctl(pattern));
  return known !== undefined && isAtLeast(kubelet, 1, known.kubelet) ? known : undefined;
}

function isNewEnough(kernel: Version, needed: Version | undefined): boolean {
  return needed === undefined || compareVersions(kernel, needed) >= 0;
}

function since(kubelet: number, kernelMajor?: number, kernelMinor = 0): SafeSysctl {
  const kernel = kernelMajor === undefined ? undefined : { major: kernelMajor, minor: kernelMinor, patch: 0 };
  return { kubelet, kernel };
}
