// One bed for the whole tier: made before the first test, removed after the last.

import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { AgentImage } from '../../scripts/install/ground.ts';
import { applyManifests, awaitRollout } from '../../scripts/install/install.ts';
import { type Bed, openBed, startBed } from '../../scripts/bed/bed.ts';
import { agentImage, demoAppImage, type Image } from '../../scripts/bed/images/images.ts';
import { consoleLog, type Log } from '../../scripts/bed/util/progress.ts';
import { readHostFile } from '../../scripts/node/host-files.ts';
import { kubeletOn } from '../../scripts/node/kubelet.ts';
import { differencesFrom, E2E_NODES } from '../../scripts/matrix/nodes.ts';
import { FILES, FOLDERS, type Originals } from './support/node/originals.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- an interface is what merges.
  export interface ProvidedContext {
    e2eBed: string;
    e2eOriginals: Originals;
    e2eAgentImage: AgentImage;
  }
}

/** Names a bed to use, or to start and keep: for work on a single case. */
const KEPT_BED = process.env['KUBELET_SYSCTLS_E2E_BED'];

/** Resolves with a function that removes the bed. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = consoleLog();
  const { bed, agent, app } = await bedAndImages(log);
  const down = async (): Promise<void> => {
    if (KEPT_BED === undefined) await log.step(`Removing the cluster ${bed.name}`, () => bed.down());
  };
  // The cache names an image's folder after a hash of its inputs.
  const image = { reference: agent.reference, stamp: basename(dirname(agent.archive)) };
  try {
    project.provide('e2eOriginals', await rememberedOriginals(bed));
    await log.step('The agent on every node', (note) => install(bed, [agent, app], image, note));
    project.provide('e2eAgentImage', image);
    project.provide('e2eBed', bed.name);
  } catch (error) {
    await down();
    throw error;
  }
  return down;
}

interface Made {
  readonly bed: Bed;
  readonly agent: Image;
  readonly app: Image;
}

async function bedAndImages(log: Log): Promise<Made> {
  const making = [makeBed(log), agentImage(log), demoAppImage(log)] as const;
  // Rethrow an error only after all background work has ended.
  const [made] = await Promise.allSettled(making);
  try {
    const [bed, agent, app] = await Promise.all(making);
    return { bed, agent, app };
  } catch (error) {
    if (made.status === 'fulfilled' && KEPT_BED === undefined) await made.value.down();
    throw error;
  }
}

async function makeBed(log: Log): Promise<Bed> {
  if (KEPT_BED === undefined) {
    return startBed({ name: `test-${process.pid}`, nodes: E2E_NODES, audit: true, lifetime: 'process' }, log);
  }
  const found = await openBed(KEPT_BED);
  if (found !== undefined) {
    const differences = differencesFrom(found.nodes.map(({ spec }) => spec));
    if (differences.length > 0) throw new Error(unlike(KEPT_BED, differences));
    return found;
  }
  return startBed({ name: KEPT_BED, nodes: E2E_NODES, audit: true, lifetime: 'keep' }, log);
}

function unlike(bed: string, differences: readonly string[]): string {
  return (
    `Expected the bed ${bed} to have the nodes of this run, got ${differences.join('; ')}: ` +
    `take it down (scripts/cluster down --name ${bed}), or name another.`
  );
}

async function install(
  bed: Bed,
  images: readonly Image[],
  image: AgentImage,
  note: (text: string) => void,
): Promise<void> {
  const kubectl = (...args: Parameters<Bed['kubectl']>) => bed.kubectl(...args);
  const found = await kubectl(['get', 'daemonsets', '--all-namespaces', '--output', 'json']);
  if (image.stamp === undefined || !found.stdout.includes(image.stamp)) {
    note('loading the images');
    for (const each of images) await bed.loadImage(each);
  }
  note('applying daemonset/');
  await applyManifests({ kubectl, agentImage: image });
  note('waiting for the agents to be Ready');
  await awaitRollout(kubectl);
}

/** Returns the recorded originals: tests may have changed the nodes of a kept bed. */
async function rememberedOriginals(bed: Bed): Promise<Originals> {
  const file = join(bed.folder, 'e2e-originals.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8'));
  const originals = await originalsOf(bed);
  await writeFile(file, JSON.stringify(originals));
  return originals;
}

/** Returns the state of the nodes before any agent or test changed them. */
async function originalsOf(bed: Bed): Promise<Originals> {
  const entries = bed.nodes.map(async (node) => {
    const inFolders = FOLDERS.map(async (folder) => {
      const names = await readdir(node.path(folder)).catch((): string[] => []);
      return names.map((name) => `${folder}/${name}`);
    });
    const paths = [...FILES, ...(await Promise.all(inFolders)).flat()];
    const files = paths.map(async (path) => {
      const content = await readHostFile(node, path);
      return [path, content === undefined ? null : content.toString('base64')] as const;
    });
    const { argv } = await kubeletOn(node);
    return [node.name, { files: Object.fromEntries(await Promise.all(files)), argv }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
