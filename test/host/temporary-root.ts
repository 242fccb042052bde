// A folder that stands for the host's root.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Removed when the test that asked for it ends. */
export async function temporaryRoot(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'kubelet-sysctls-root-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}
