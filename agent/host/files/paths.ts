// Resolves host paths below /proc/1/root. The kernel would resolve a link to an absolute path inside the agent's own container.

import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { unlessMissing } from '../errors.ts';

/** The host's root folder, as a pod with hostPID sees it. */
export const HOST_ROOT = '/proc/1/root';

const MAX_LINKS = 40;

/**
 * The path below `root` that `hostPath` names on the host, every symbolic link resolved as the host resolves it.
 * The last components may be missing. Throws after 40 links, the kernel's limit.
 */
export async function resolveHostPath(root: string, hostPath: string): Promise<string> {
  return (await traverse(root, hostPath)).target;
}

export interface Traversal {
  /** The same as `resolveHostPath` returns. */
  readonly target: string;
  /** Each path component on the way, links included, and the target itself: its folder (below `root`) and its name. */
  readonly steps: readonly { readonly folder: string; readonly name: string }[];
}

/** Resolves `hostPath` and returns every step of the resolution. Throws as `resolveHostPath` does. */
export async function traverse(root: string, hostPath: string): Promise<Traversal> {
  const steps: { folder: string; name: string }[] = [];
  let pending = components(hostPath);
  let resolved = '/';
  let links = 0;
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (next === '..') {
      resolved = posix.dirname(resolved);
      continue;
    }
    const candidate = posix.join(resolved, next);
    steps.push({ folder: posix.dirname(root + candidate), name: next });
    const target = await linkTarget(root + candidate);
    if (target === undefined) {
      resolved = candidate;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      throw new Error(`Expected ${hostPath} to lead to a file, got more than ${MAX_LINKS} symbolic links`);
    }
    if (posix.isAbsolute(target)) {
      resolved = '/';
    }
    pending = [...components(target), ...pending];
  }
  return { target: root + resolved, steps };
}

function components(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

async function linkTarget(path: string): Promise<string | undefined> {
  const stats = await unlessMissing(lstat(path));
  return stats?.isSymbolicLink() === true ? unlessMissing(readlink(path)) : undefined;
}
