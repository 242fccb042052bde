// The Debian that virtual machines boot: as a container's, and a kernel, a Linux security module and a way in.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../build/cache.ts';
import { tool } from '../../build/tool.ts';
import type { Log } from '../../util/progress.ts';
import type { VmSystem } from '../layouts.ts';
import { LEFT_OUT, makeDebian } from '../root-file-system.ts';
import { SYSTEMS } from './systems.ts';

export const LABEL = join(import.meta.dirname, 'label.sh');

/** Returns the folder of the root file system, with a kernel in boot/. The first call for a system takes about a minute. */
export async function vmRoot(system: VmSystem, log: Log): Promise<string> {
  const { suite, packages, hooks } = SYSTEMS[system];
  const folder = await cached(
    'vm-root-file-system',
    ['vm root 2', process.arch, suite, ...packages, ...LEFT_OUT, ...hooks, await readFile(LABEL, 'utf8')],
    async (out, note) => {
      const root = join(out, 'root');
      await makeDebian({ suite, packages, hooks, target: root }, note);
      await labelFiles(root, root);
    },
    log,
  );
  return join(folder, 'root');
}

/** Gives the files in a folder, by their paths there, the labels of the root file system's SELinux policy, if it has one. */
export async function labelFiles(root: string, folder: string): Promise<void> {
  await tool(['sh', LABEL, root, folder], { endsWithUs: 'with its children' });
}
