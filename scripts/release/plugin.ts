// The kubectl plugin: one archive for Linux and macOS, as the program is JavaScript, and its manifest for krew.

import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Bundle } from '../build.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { pack } from './archive.ts';

/** krew links it as `kubectl-sysctls`; Node needs the suffix to read it as an ES module. */
const PROGRAM = 'kubectl-sysctls.mjs';

export interface PluginArchive {
  readonly checkout: string;
  readonly bundle: Bundle;
  readonly epoch: number;
  readonly out: string;
}

/** Writes the archive: the program, its licence, and those of the packages in it. */
export async function releasePlugin({ checkout, bundle, epoch, out }: PluginArchive): Promise<void> {
  await using work = await workFolder(out);
  const folder = work.path;
  await writeFile(join(folder, PROGRAM), bundle.content, { mode: 0o755 });
  await writeFile(join(folder, 'kubectl-sysctls.licenses.txt'), bundle.licenses);
  await copyFile(join(checkout, 'LICENSE'), join(folder, 'LICENSE'));
  await pack({ folder, out, epoch });
}

/** Returns the manifest; `uri` is where people download the archive, and `sha256` its checksum in hexadecimal. */
export function krewManifest(plugin: {
  readonly version: string;
  readonly uri: string;
  readonly sha256: string;
}): string {
  const { version, uri, sha256 } = plugin;
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'sysctls' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Watch and steer which unsafe sysctls kubelets allow',
      description:
        'Shows how far a list of allowed unsafe sysctls has come on the nodes, what an edit would change,\n' +
        'why a pod is refused, and pauses, resumes or retries. Needs the kubelet-sysctl-agent in the cluster.\n',
      caveats: 'Needs Node.js 22.15 or later on the PATH.\n',
      platforms: [
        {
          selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['linux', 'darwin'] }] },
          uri,
          sha256,
          bin: PROGRAM,
        },
      ],
    },
  });
}
