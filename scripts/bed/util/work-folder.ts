// A temporary folder for one piece of work.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Returns a new empty folder, removed on disposal. A `make` of cached() passes the folder that it fills: the new one is then
 * beside it, where the next run removes it after an interruption, and not in /tmp, which may be small, in memory and nodev.
 */
export async function workFolder(
  beside: string = join(tmpdir(), 'kubelet-sysctls'),
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(`${beside}-work-`);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
