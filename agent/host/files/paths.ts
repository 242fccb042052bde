// Host paths as this process reaches them: below /proc/1/root, where a link to an absolute path would otherwise
// lead into our own container.

import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { isMissing } from '../errors.ts';

/** The host's root folder, as a pod with hostPID sees it. */
export const HOST_ROOT = '/proc/1/root';

const MAX_LINKS = 40;

/**
 * The path below `root` that `hostPath` names on the host, every symbolic link resolved as the host resolves it.
 * The last components may be missing. Throws after 40 links, as the kernel does.
 */
export async function resolveHostPath(root: string, hostPath: string): Promise<string> {
  return (await traverse(root, hostPath)).target;
}

export interface Traversal {
  /** As `resolveHostPath` has it. */
  readonly target: string;
  /** Every folder and link that leads there, and the target itself: a folder below `root` and a name in it. */
  readonly steps: readonly { readonly folder: string; readonly name: string }[];
}

/** The way to what `hostPath` names on the host. Throws as `resolveHostPath` does. */
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
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
