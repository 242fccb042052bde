// The base of the agent's image: the Debian packages that the agent needs, and the Node of package.json. No registry is needed.

import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached } from '../build/cache.ts';
import { tool } from '../build/tool.ts';
import type { Log } from '../util/progress.ts';
import { workFolder } from '../util/work-folder.ts';
import { type BaseImage, buildBase } from './image-build.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
const RECIPES = join(CHECKOUT, 'scripts', 'base-image');
const DEBIAN = join(RECIPES, 'debian.sh');
const READ_ONLY = join(RECIPES, 'read-only.sh');
const NODE_PACKAGE = join(CHECKOUT, 'node_modules', 'node');

const REFERENCE = 'localhost/kubelet-sysctl-agent-base:bed';
/** As the last stage of scripts/base-image/Dockerfile, which needs a registry. */
const DOCKERFILE =
  'FROM scratch\nADD debian.tar /\nCOPY LICENSE /usr/local/\nCOPY node /usr/local/bin/node\n';
/** The time of the image and of its files: it has no other that all machines share. */
const EPOCH = 0;

/** Returns the base, as it was made the first time on this machine; later security updates of Debian are not in it. */
export async function cachedBase(log: Log): Promise<BaseImage> {
  const recipe = await Promise.all(
    [DEBIAN, join(NODE_PACKAGE, 'package.json')].map((file) => readFile(file)),
  );
  const folder = await cached(
    'base-image',
    ['base image 1', process.arch, REFERENCE, DOCKERFILE, String(EPOCH), ...recipe],
    async (out, note) => {
      await makeBase(out, note);
    },
    log,
  );
  return baseIn(folder);
}

/** Makes the base of what Debian's archive has now, in this folder. The same packages give the same bytes. */
export async function makeBase(folder: string, note: (text: string) => void): Promise<BaseImage> {
  const base = baseIn(folder);
  await baseOn(base, folder, minimalDebian, note);
  return base;
}

/** Writes a Debian to a tar file in an empty folder, in which it may work. */
export type MakeDebian = (target: string, note: (text: string) => void) => Promise<void>;

/** Makes an image of a Debian and the Node of package.json, with its licence. */
export async function baseOn(
  base: BaseImage,
  folder: string,
  makeDebian: MakeDebian,
  note: (text: string) => void,
): Promise<void> {
  await using work = await workFolder(join(folder, 'base'));
  const at = (name: string): string => join(work.path, name);
  await makeDebian(at('debian.tar'), note);
  await copyNode(work.path);
  await writeFile(at('Dockerfile'), DOCKERFILE);
  await buildBase(work.path, base, { epoch: EPOCH }, note);
}

/** Copies the Node of package.json and its licence into a folder, as `node` and `LICENSE`. */
export async function copyNode(folder: string): Promise<void> {
  await copyFile(join(NODE_PACKAGE, 'bin', 'node'), join(folder, 'node'));
  const platform = `node-${process.platform}-${process.arch}`;
  await copyFile(join(NODE_PACKAGE, 'node_modules', platform, 'LICENSE'), join(folder, 'LICENSE'));
}

const minimalDebian: MakeDebian = async (target, note) => {
  const folder = dirname(target);
  await tool(['sh', READ_ONLY, folder, 'sh', DEBIAN, target], {
    // Gives it the mount namespace that read-only.sh needs.
    endsWithUs: 'with its children',
    env: { TMPDIR: folder, SOURCE_DATE_EPOCH: String(EPOCH) },
    onLine: (line) => note(line.replace(/^[IW]: /, '')),
  });
};

function baseIn(folder: string): BaseImage {
  return { reference: REFERENCE, storage: join(folder, 'storage') };
}
