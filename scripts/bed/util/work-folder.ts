// A folder for the length of one piece of work.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new empty folder, removed on disposal. Whoever works for cached() passes the folder that is being filled: the work lies beside
 * it, where the next run clears it away when this one is cut off, and not in /tmp, which may be small, in memory and without devices.
 */
export async function workFolder(
  beside: string = join(tmpdir(), 'kubelet-sysctls'),
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(`${beside}-work-`);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
