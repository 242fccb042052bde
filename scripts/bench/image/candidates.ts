// The agent's image on the two bases that are compared.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundled } from '../../build.ts';
import { baseOn, cachedBase } from '../../bed/images/base-image.ts';
import { type BaseImage, buildImage, buildLayout, type Image } from '../../bed/images/image-build.ts';
import { agentContext } from '../../bed/images/images.ts';
import { makeDebian } from '../../bed/node/root-file-system.ts';
import type { Log } from '../../bed/util/progress.ts';
import { type Contents, contentsOf } from './contents.ts';

export interface Candidate {
  readonly title: string;
  readonly image: Image;
  readonly contents: Contents;
}

/** The release of scripts/base-image/debian.sh, and the libraries that Node needs beside the minimal system. */
const PLAIN = { suite: 'trixie', packages: ['libatomic1', 'libstdc++6'] };

/** Builds both in a folder: the base of releases first, then Debian's minimal system, which images such as node:26-slim begin with. */
export async function candidates(folder: string, log: Log): Promise<readonly [Candidate, Candidate]> {
  const plain = { reference: 'localhost/plain-base:bench', storage: join(folder, 'plain', 'storage') };
  await mkdir(join(folder, 'plain'));
  await log.step("Making Debian's minimal system with Node", (note) =>
    baseOn(plain, join(folder, 'plain'), (target) => makeDebian({ ...PLAIN, target }, note), note),
  );
  return [
    await candidate('base of releases', 'small', await cachedBase(log), folder, log),
    await candidate("Debian's minimal system", 'plain', plain, folder, log),
  ];
}

async function candidate(
  title: string,
  tag: string,
  base: BaseImage,
  folder: string,
  log: Log,
): Promise<Candidate> {
  const [context, layout] = [join(folder, `context-${tag}`), join(folder, `layout-${tag}`)];
  const image = {
    reference: `localhost/kubelet-sysctl-agent:${tag}`,
    archive: join(folder, `${tag}.tar`),
  };
  await mkdir(context);
  await agentContext(await bundled(), context);
  await log.step(`Building the image: ${title}`, async (note) => {
    await buildImage({ context, image, base }, note);
    await buildLayout({ context, base, labels: {}, folder: layout, epoch: 0 }, note);
  });
  return { title, image, contents: await contentsOf(layout) };
}
