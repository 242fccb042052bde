// A cluster that never had an agent, and what a person has who downloaded a release: its folder, kubectl and Helm.

import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Bed, type Outcome, type RunOptions, startBed } from '../../../../scripts/bed/bed.ts';
import { type GoCommand, goInstalled } from '../../../../scripts/bed/build/go-install.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../../../../scripts/bed/build/kubernetes.ts';
import { environment, run } from '../../../../scripts/bed/build/run.ts';
import { demoAppImage } from '../../../../scripts/bed/images/images.ts';
import { consoleLog } from '../../../../scripts/bed/util/progress.ts';
import { connect } from '../../../../scripts/kubernetes/cluster.ts';
import { testNode, type TestNode } from '../../../../scripts/node/test-node.ts';
import { fileNames } from '../../../../scripts/release/files.ts';

export interface Download {
  readonly folder: string;
  readonly version: string;
  readonly image: string;
}

export interface Place extends AsyncDisposable {
  readonly bed: Bed;
  readonly node: TestNode;
  /** Runs a command in the release's folder, with kubectl, the plugin and the cluster; throws when it fails. */
  readonly shell: (argv: readonly string[], options?: RunOptions) => Promise<Outcome>;
}

/** Starts a cluster of one node and no agent, and imports the release's image there, as people do without a registry. */
export async function freshPlace(download: Download, name: string, helm: GoCommand): Promise<Place> {
  const { folder, version, image } = download;
  const log = consoleLog();
  const bed = await startBed({ name, nodes: [{ name: 'n1', layout: 'deb-missing' }] }, log);
  await log.step('Importing the images', async () => {
    await bed.loadImage(await demoAppImage(log));
    await bed.loadImage({ reference: image, archive: join(folder, fileNames(version).image) });
  });
  const world = { bed, cluster: connect({ kubeconfig: bed.kubeconfig }) };
  const env = await personOf(download, bed, helm);
  return {
    bed,
    node: testNode(world, 'n1'),
    shell: ([program = '', ...args], options) =>
      run(['env', `--chdir=${folder}`, program, ...args], options, env),
    [Symbol.asyncDispose]: () => bed.down(),
  };
}

/** Installs the plugin from its archive, as docs/how-to/release.md has it, and returns the environment. */
async function personOf(
  { folder, version }: Download,
  bed: Bed,
  helm: GoCommand,
): Promise<Readonly<Record<string, string>>> {
  const log = consoleLog();
  const bin = join(bed.folder, 'bin');
  await mkdir(bin);
  execFileSync('tar', ['-xzf', join(folder, fileNames(version).plugin), '-C', bin]);
  await symlink('kubectl-sysctls.mjs', join(bin, 'kubectl-sysctls'));
  await symlink(await goInstalled(helm, log), join(bin, 'helm'));
  const kubectl = await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, log);
  const inherited = environment();
  const path = [bin, dirname(kubectl), dirname(process.execPath), inherited['PATH'] ?? ''];
  const homes = ['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(bed.folder, 'helm')]);
  return {
    ...inherited,
    ...Object.fromEntries(homes),
    PATH: path.join(delimiter),
    KUBECONFIG: bed.kubeconfig,
  };
}
