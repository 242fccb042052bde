// A temporary folder that represents the host's root.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The path of a new folder, which is removed at the end of the test. */
export async function temporaryRoot(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'kubelet-sysctls-root-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}
