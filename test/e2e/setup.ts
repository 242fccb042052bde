// The tier's beds, one for each of vitest's workers: made before the first test, removed after the last.

import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type AgentImage, agentImageOf } from '../../scripts/install/ground.ts';
import { installOn } from '../../scripts/install/install.ts';
import { settleAll } from '../../agent/time/settle.ts';
import { ensureHostPackages } from '../../scripts/bed/build/host-packages.ts';
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
    /** In the order of vitest's workers. */
    e2eBeds: readonly ProvidedBed[];
    e2eAgentImage: AgentImage;
  }
}

export interface ProvidedBed {
  readonly name: string;
  readonly originals: Originals;
}

/** Names a bed to use, or to start and keep: for work on a single case. */
const KEPT_BED = process.env['KUBELET_SYSCTLS_E2E_BED'];

/** Resolves with a function that removes the beds. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = consoleLog();
  const { beds, agent } = await bedsAndImages(bedsFor(project), log);
  const down = async (): Promise<void> => {
    if (KEPT_BED === undefined) await removeBeds(beds, log);
  };
  try {
    const provided = beds.map(async (bed): Promise<ProvidedBed> => {
      const originals = await rememberedOriginals(bed);
      await log.step(`The agent on every node of ${bed.name}`, (note) => installOn(bed, agent, note));
      return { name: bed.name, originals };
    });
    project.provide('e2eBeds', await settleAll(provided));
    project.provide('e2eAgentImage', agentImageOf(agent));
  } catch (error) {
    await down();
    throw error;
  }
  return down;
}

/** Returns how many of vitest's workers will have a file to run. */
function bedsFor({ config, vitest }: TestProject): number {
  return Math.min(config.maxWorkers, vitest.state.getPaths().length);
}

interface Made {
  readonly beds: readonly Bed[];
  readonly agent: Image;
}

async function bedsAndImages(count: number, log: Log): Promise<Made> {
  await ensureHostPackages(log);
  const [agent, app] = await settleAll([agentImage(log), demoAppImage(log)]);
  const beds = Array.from({ length: count }, (_, index) => makeBed(index + 1, [agent, app], log));
  try {
    return { beds: await settleAll(beds), agent };
  } catch (error) {
    const made = (await Promise.allSettled(beds)).flatMap((bed) =>
      bed.status === 'fulfilled' ? bed.value : [],
    );
    if (KEPT_BED === undefined) await removeBeds(made, log);
    throw error;
  }
}

async function removeBeds(beds: readonly Bed[], log: Log): Promise<void> {
  await settleAll(beds.map((bed) => log.step(`Removing the cluster ${bed.name}`, () => bed.down())));
}

async function makeBed(number: number, images: readonly Image[], log: Log): Promise<Bed> {
  const options = { nodes: E2E_NODES, audit: true, images };
  if (KEPT_BED === undefined) {
    return startBed({ ...options, name: `test-${process.pid}-${number}`, lifetime: 'process' }, log);
  }
  const found = await openBed(KEPT_BED);
  if (found === undefined) return startBed({ ...options, name: KEPT_BED, lifetime: 'keep' }, log);
  const differences = differencesFrom(found.nodes.map(({ spec }) => spec));
  if (differences.length > 0) throw new Error(unlike(KEPT_BED, differences));
  for (const image of images) await found.loadImage(image);
  return found;
}

function unlike(bed: string, differences: readonly string[]): string {
  return (
    `Expected the bed ${bed} to have the nodes of this run, got ${differences.join('; ')}: ` +
    `take it down (scripts/cluster down --name ${bed}), or name another.`
  );
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
