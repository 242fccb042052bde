// What a shell needs to run kubectl and the plugin against a bed.

import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../bed/build/kubernetes.ts';
import { environment } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';
import { bundle, PLUGIN_ENTRY } from '../build.ts';

/** Writes the built plugin into the folder, as `kubectl sysctls` needs it; returns an environment with it and kubectl on the PATH, and with the bed's cluster. */
export async function shellEnvironment(
  { kubeconfig }: Pick<Bed, 'kubeconfig'>,
  folder: string,
  log: Log,
): Promise<Readonly<Record<string, string>>> {
  const plugin = join(folder, 'kubectl-sysctls');
  await writeFile(plugin, await bundle(PLUGIN_ENTRY));
  await chmod(plugin, 0o755);
  const kubectl = await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, log);
  const inherited = environment();
  const path = [folder, dirname(kubectl), dirname(process.execPath), inherited['PATH'] ?? ''];
  return { ...inherited, PATH: path.join(delimiter), KUBECONFIG: kubeconfig };
}
