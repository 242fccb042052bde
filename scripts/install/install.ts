// Installs the agent and the coordinator with the project's manifests.

import { realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import type { Image } from '../bed/images/images.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { TutorialError } from '../kubernetes/errors.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE, COORDINATOR_DEPLOYMENT } from '../kubernetes/names.ts';
import { agentImageOf, type Ground, type Kubectl } from './ground.ts';
import { kustomization } from './overlay.ts';

const DAEMON_SET_FOLDER = join(import.meta.dirname, '..', '..', 'daemonset');
const ROLLOUT_SECONDS = 180;
/** On an emulated processor each probe, a program that is started in the container, takes a second from the start of what it waits for. */
const SLOW_PROBE_SECONDS = 10;

/** Applies the manifests, with `startupProbeSeconds` between two startup probes; resolves with kubectl's line for each object. */
export async function applyManifests(
  ground: Pick<Ground, 'kubectl' | 'agentImage'>,
  startupProbeSeconds?: number,
): Promise<readonly string[]> {
  return withManifests(ground, ['apply'], startupProbeSeconds);
}

/** Installs the agents of an image that the nodes of the bed have; resolves when all are Ready. `note` gets each step. */
export async function installOn(
  bed: Bed,
  image: Image,
  note: (step: string) => void = () => undefined,
): Promise<void> {
  const kubectl = (...args: Parameters<Bed['kubectl']>) => bed.kubectl(...args);
  const slowness = Math.max(...bed.nodes.map((node) => node.slowness));
  note('applying daemonset/');
  const ground = { kubectl, agentImage: agentImageOf(image) };
  await applyManifests(ground, slowness > 1 ? SLOW_PROBE_SECONDS : undefined);
  note('waiting for the agents to be Ready');
  await awaitRollout(kubectl, slowness);
}

/** Deletes the manifests; resolves with kubectl's line for each object when the objects and their pods are gone. */
export async function deleteManifests(
  ground: Pick<Ground, 'kubectl' | 'agentImage'>,
): Promise<readonly string[]> {
  return withManifests(ground, ['delete', '--ignore-not-found']);
}

async function withManifests(
  { kubectl, agentImage }: Pick<Ground, 'kubectl' | 'agentImage'>,
  command: readonly string[],
  startupProbeSeconds?: number,
): Promise<readonly string[]> {
  await using work = await workFolder();
  const folder = await realpath(work.path);
  const base = relative(folder, await realpath(DAEMON_SET_FOLDER));
  const content = kustomization({ base, image: agentImage, startupProbeSeconds });
  await writeFile(join(folder, 'kustomization.yaml'), content);
  const { stdout } = await kubectl([...command, '-k', folder]);
  return stdout.split('\n');
}

/**
 * Resolves when every agent and both coordinators are Ready and up to date; throws a TutorialError with the status of their
 * pods after 180 s, or that many times `slowness`.
 */
export async function awaitRollout(kubectl: Kubectl, slowness = 1): Promise<void> {
  const seconds = Math.ceil(ROLLOUT_SECONDS * slowness);
  for (const workload of [`daemonset/${AGENT_DAEMON_SET}`, `deployment/${COORDINATOR_DEPLOYMENT}`]) {
    const args = ['rollout', 'status', workload, `--timeout=${seconds}s`];
    const { exitCode, stdout, stderr } = await inAgents(kubectl, args);
    if (exitCode !== 0) throw await notReady(kubectl, workload, [stdout, stderr]);
  }
}

async function notReady(kubectl: Kubectl, workload: string, said: readonly string[]): Promise<TutorialError> {
  const pods = await inAgents(kubectl, ['get', 'pods', '-o', 'wide']);
  const logs = await inAgents(kubectl, ['logs', workload, '--all-pods', '--tail=5']);
  const events = await inAgents(kubectl, ['get', 'events', '--field-selector', 'type=Warning']);
  return new TutorialError(
    `Expected all pods of ${workload} to be Ready, but not all are`,
    [...said, pods.stdout, logs.stdout, logs.stderr, events.stdout].filter(Boolean),
  );
}

async function inAgents(kubectl: Kubectl, args: readonly string[]): ReturnType<Kubectl> {
  return kubectl(['--namespace', AGENT_NAMESPACE, ...args], { reject: false });
}
