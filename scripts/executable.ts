// node scripts/executable.ts: dist/kubelet-sysctls, the program and its Node in one file, for hosts without a cluster's image.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { bundle } from './build.ts';

const OUT = join(import.meta.dirname, '..', 'dist', 'kubelet-sysctls');

if (import.meta.main) {
  await makeExecutable(OUT);
  process.stdout.write(`${OUT}\n`);
}

/** Writes the executable to `out`: the Node that runs this, with the bundle in it. Throws with Node's own words when it cannot. */
export async function makeExecutable(out: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubelet-sysctls-executable-'));
  try {
    const main = join(folder, 'kubelet-sysctls.mjs');
    const config = join(folder, 'sea.json');
    await mkdir(dirname(out), { recursive: true });
    await writeFile(main, await bundle());
    await writeFile(
      config,
      JSON.stringify({ main, mainFormat: 'module', output: out, disableExperimentalSEAWarning: true }),
    );
    await execa(process.execPath, ['--build-sea', config]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
