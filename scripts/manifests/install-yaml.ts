// install.yaml: the objects of daemonset/ in one file, for `kubectl apply -f`.

import { realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../bed/build/kubernetes.ts';
import { run } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { imageParts } from '../install/overlay.ts';

const BASE = join(import.meta.dirname, '..', '..', 'daemonset');

export interface InstallYaml {
  /** Reference of the agent's image; undefined: the name in the manifests, which no registry has. */
  readonly image?: string | undefined;
  /** Components of daemonset/, such as before-1.30. */
  readonly components?: readonly string[];
}

/** Returns the file's text. Throws a GoMissingError without Go, and kustomize's error for a component that is not there. */
export async function installYaml({ image, components = [] }: InstallYaml, log: Log): Promise<string> {
  const yaml = await kustomized(
    {
      components,
      ...(image === undefined ? {} : { images: [{ name: 'kubelet-sysctl-agent', ...imageParts(image) }] }),
    },
    log,
  );
  const source = ['daemonset', ...components.map((component) => `daemonset/${component}`)].join(' + ');
  return `# kubelet-sysctl-agent: ${source}. Install: kubectl apply -f FILE\n${yaml}\n`;
}

/** Returns the YAML of an overlay of daemonset/, as `kubectl kustomize` prints it; `components` are paths in daemonset/. */
export async function kustomized(
  { components, ...others }: { readonly components: readonly string[] } & Readonly<Record<string, unknown>>,
  log: Log,
): Promise<string> {
  const kubectl = await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, log);
  await using work = await workFolder();
  // kustomize accepts no absolute path.
  const folder = await realpath(work.path);
  const base = relative(folder, await realpath(BASE));
  const overlay = {
    ...others,
    resources: [base],
    components: components.map((component) => `${base}/${component}`),
  };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(overlay));
  return (await run([kubectl, 'kustomize', folder])).stdout;
}
