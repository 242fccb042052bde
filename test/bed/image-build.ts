// Container images without a daemon and without a registry: buildah, whose whole storage lies in a folder that is removed afterwards.

import { join } from 'node:path';
import { tool } from './tool.ts';
import { workFolder } from './work-folder.ts';

/** A container image that a node's containerd can import. */
export interface Image {
  /** What pods call it, such as localhost/demoapp:v1.0. */
  readonly reference: string;
  /** A tar file in the docker-archive format. */
  readonly archive: string;
}

export interface ImageBuild {
  /** The folder with the Dockerfile and all that it copies. */
  readonly context: string;
  readonly image: Image;
  /** The image that the Dockerfile's build argument BASE shall name. */
  readonly base?: Image;
}

/** Builds the image of a Dockerfile and writes its archive; throws a ToolError with what buildah said. */
export async function buildImage(build: ImageBuild, note: (text: string) => void): Promise<void> {
  const { context, image, base } = build;
  await using work = await workFolder();
  const buildah = async (argv: readonly string[]): Promise<string> =>
    tool([...buildahIn(work.path), ...argv], { env: { TMPDIR: work.path }, onLine: note });

  if (base !== undefined) await buildah(['pull', '--quiet', `docker-archive:${base.archive}`]);
  const argument = base === undefined ? [] : ['--build-arg', `BASE=${base.reference}`];
  await buildah([
    'bud',
    '--isolation',
    'chroot',
    '--pull-never',
    ...argument,
    '--tag',
    image.reference,
    context,
  ]);
  await buildah(['push', '--quiet', image.reference, `docker-archive:${image.archive}:${image.reference}`]);
}

/** The vfs driver needs nothing of the kernel, so it works wherever the folder lies. */
function buildahIn(folder: string): string[] {
  const [storage, run] = [join(folder, 'storage'), join(folder, 'run')];
  return ['buildah', '--storage-driver', 'vfs', '--root', storage, '--runroot', run];
}
