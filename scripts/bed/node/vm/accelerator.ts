// How QEMU runs a guest on this machine, and how slow that is.

import { existsSync } from 'node:fs';
import { run } from '../../build/run.ts';

/** What a guest runs by: the processor itself, or QEMU's translation of it, which is some 15 times slower. */
export interface Accelerator {
  readonly qemu: readonly string[];
  /** Limits are this much longer than a container's. */
  readonly slowness: number;
}

const KVM = ['-accel', 'kvm', '-cpu', 'max'];
/** Without AVX, whose translation is slow. */
const TCG = [
  '-accel',
  'tcg,thread=multi,tb-size=1024',
  '-cpu',
  'qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+pclmulqdq,+rdrand,+movbe,+cx16',
];
/** A guest without a disk: its kernel starts, finds no root and, as it is told, reboots, which ends QEMU. */
const GUEST = '-machine q35 -m 256 -nodefaults -no-user-config -no-reboot -display none -serial stdio'.split(
  ' ',
);
const NO_ROOT = 'VFS: Unable to mount root fs';
/** A machine that needs this long for it has limits as a container's. */
const REFERENCE_MS = 700;
const MOST = 10;
const TIMEOUT_MS = 60_000;
const KVM_TIMEOUT_MS = 3000;

/**
 * Boots the kernel in a guest and returns what ran it. /dev/kvm proves nothing: on some machines it opens, and no guest runs.
 * Throws when no guest ran.
 */
export async function findAccelerator(kernel: string): Promise<Accelerator> {
  const byKvm = existsSync('/dev/kvm') ? await bootMs(KVM, kernel, KVM_TIMEOUT_MS) : undefined;
  if (byKvm !== undefined) return { qemu: KVM, slowness: slownessOf(byKvm) };
  const byTcg = await bootMs(TCG, kernel, TIMEOUT_MS);
  if (byTcg !== undefined) return { qemu: TCG, slowness: slownessOf(byTcg) };
  throw new Error(`Expected QEMU to boot ${kernel} within ${TIMEOUT_MS / 1000} s, but it did not.`);
}

function slownessOf(ms: number): number {
  return Math.min(MOST, Math.max(1, ms / REFERENCE_MS));
}

/** Returns undefined when the guest did not get that far. */
async function bootMs(accelerator: readonly string[], kernel: string, timeoutMs: number) {
  const boot = ['-kernel', kernel, '-append', 'console=ttyS0 panic=-1'];
  const begun = performance.now();
  const { stdout } = await run(['qemu-system-x86_64', ...GUEST, ...accelerator, ...boot], {
    reject: false,
    timeoutMs,
  }).catch(() => ({ stdout: '' }));
  return stdout.includes(NO_ROOT) ? performance.now() - begun : undefined;
}
