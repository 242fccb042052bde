// The chart as a user installs it, on the tier's bed.

import { join } from 'node:path';
import { inject } from 'vitest';
import { type GoCommand, goInstalled, HELM_3, HELM_4 } from '../../../../scripts/bed/build/go-install.ts';
import { environment, type Outcome, run } from '../../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../../scripts/bed/util/progress.ts';
import { imageParts } from '../../../../scripts/install/overlay.ts';
import type { World } from '../../../../scripts/node/world.ts';

const CHART = join(import.meta.dirname, '..', '..', '..', '..', 'daemonset', 'chart');
const PLUGIN = join(import.meta.dirname, '..', '..', '..', '..', 'agent', 'kubectl.ts');
/** `KUBELET_SYSCTLS_E2E_HELM=3` lets the two versions change places. */
const SWAPPED = process.env['KUBELET_SYSCTLS_E2E_HELM'] === '3';

export const [TAKES_OVER, INSTALLS] = SWAPPED ? [HELM_3, HELM_4] : [HELM_4, HELM_3];

export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** Runs `helm COMMAND NAME [CHART] …` with the image of this run and these values. */
  helm(command: string, options?: HelmOptions): Promise<Outcome>;
}

export interface HelmOptions {
  readonly values?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
}

/** Returns a release; throws a ToolError with Helm's message when one of its commands fails. */
export async function releaseOf(
  { bed }: World,
  command: GoCommand,
  { name, namespace }: Pick<Release, 'name' | 'namespace'>,
): Promise<Release> {
  const helm = await goInstalled(command, consoleLog());
  const folders = ['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(bed.folder, 'helm')]);
  const env = { ...environment(), ...Object.fromEntries(folders), KUBECONFIG: bed.kubeconfig };
  return {
    name,
    namespace,
    helm: async (verb, { values, args = [] } = {}) => {
      const chart = values === undefined ? [] : [CHART, '--values', '-'];
      const input = values === undefined ? {} : { input: JSON.stringify({ ...ownValues(), ...values }) };
      return run([helm, verb, name, ...chart, '--namespace', namespace, ...args], input, env);
    },
  };
}

/** Returns the values with which the chart makes the pods that setup.ts made with kustomize. */
function ownValues(): Readonly<Record<string, unknown>> {
  const { reference, stamp = '' } = inject('e2eAgentImage');
  const { newName, newTag = '', digest = '' } = imageParts(reference);
  const podAnnotations = { 'kubelet-sysctls-demo/image': stamp };
  return {
    image: { repository: newName, tag: newTag, digest, pullPolicy: 'IfNotPresent' },
    agent: { podAnnotations },
    coordinator: { podAnnotations },
  };
}

/** Edits one key of a namespace's policy, as `kubectl edit` does. */
export async function editKey({ bed }: World, namespace: string, key: string, value: string): Promise<void> {
  const patch = JSON.stringify({ data: { [key]: value } });
  const how = ['--type', 'merge', '--field-manager', 'kubectl-edit', '--patch', patch];
  await bed.kubectl(['--namespace', namespace, 'patch', 'configmap', 'kubelet-sysctls', ...how]);
}

/** Removes everything that the agents added to the nodes, as docs/how-to/helm.md has it; resolves with what `wait` said. */
export async function restoreAll(world: World, namespace: string): Promise<string> {
  await editKey(world, namespace, 'mode', 'Restore');
  const args = ['wait', '--timeout', '3m', '--namespace', namespace, '--kubeconfig', world.bed.kubeconfig];
  // Other nodes of the bed may be unable to change.
  return (await run([process.execPath, PLUGIN, ...args], { reject: false, timeoutMs: 200_000 })).stdout;
}
