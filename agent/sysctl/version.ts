// Parses and compares versions of kubelets and kernels.

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The newest kubelet whose rules these tables mirror; newer ones are judged by the same rules. */
export const NEWEST_KUBELET: Version = { major: 1, minor: 37, patch: 0 };

// Reads three numbers. Some kernels have a fourth (6.6.87.2-microsoft-standard), and builds add words after - + ~ or _.
const VERSION = /^(?:kubernetes\s+)?v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9})(?:\.\d+)*)?(?:[-+~_]\S*)?$/iu;

/**
 * Parses a version as people and programs write it: `v1.37.2`, `1.37`, `Kubernetes v1.37.2`, `1.37.2-gke.1`,
 * `6.1.0-18-amd64`. A missing patch is 0. Returns undefined when the text is not a version.
 */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = VERSION.exec(text.trim()) ?? [];
  if (major === undefined || minor === undefined) {
    return undefined;
  }
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
}

/** Returns a negative number when `a` is older than `b`, 0 when they are equal, a positive one when `a` is newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** True when `version` is `major.minor` or newer. */
export function isAtLeast(version: Version, major: number, minor: number): boolean {
  return compareVersions(version, { major, minor, patch: 0 }) >= 0;
}

/** `1.37.2` */
export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}
